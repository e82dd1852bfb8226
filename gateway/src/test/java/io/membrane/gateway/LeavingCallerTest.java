package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpHandler;
import io.membrane.fixture.LeavingCaller;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;

/** Callers that close their connection while a service works for them. */
@Timeout(60)
class LeavingCallerTest extends GatewayTest {

  private static final String SERVICE = "compute-worker";

  @Autowired MeterRegistry meters;

  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch gate = new CountDownLatch(1);

  @AfterEach
  void open() {
    gate.countDown();
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "POST", "chunks"})
  void theCallOfTheServiceIsBrokenOff(String how) throws Exception {
    double before = cancelled();
    backend(SERVICE).answers(waiting(false));
    try (LeavingCaller caller = LeavingCaller.of(uri("/"))) {
      switch (how) {
        case "GET" -> caller.get("/v1/models");
        case "POST" -> caller.post("/v1/prefill", "{}");
        default -> caller.postInChunks("/v1/prefill", "{}");
      }
      expectBrokenOff(caller, before);
    }
  }

  @Test
  void aStreamThatIsSilentIsBrokenOff() throws Exception {
    double before = cancelled();
    backend(SERVICE).answers(waiting(true));
    try (LeavingCaller caller = LeavingCaller.of(uri("/"))) {
      caller.get("/v1/models");
      caller.readUntil("begin");
      expectBrokenOff(caller, before);
    }
  }

  @Test
  void aPipelinedRequestIsAnsweredInItsTurn() throws Exception {
    try (LeavingCaller caller = LeavingCaller.of(uri("/"))) {
      caller.post("/v1/prefill", "{}").get("/v1/models").post("/v1/prefill", "{}");
      caller.readUntil("compute-worker /v1/prefill");
      caller.readUntil("compute-worker /v1/models");
      caller.readUntil("compute-worker /v1/prefill");
    }
  }

  private void expectBrokenOff(LeavingCaller caller, double before) throws Exception {
    assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
    int connections = backend(SERVICE).connections();
    caller.leave();
    await().until(() -> cancelled() == before + 1);
    await().until(() -> backend(SERVICE).connections() < connections);
    await().until(() -> meters.get("membrane.http.watched").gauge().value() == 0);
  }

  private HttpHandler waiting(boolean streaming) {
    return exchange -> {
      try (exchange) {
        exchange.getRequestBody().readAllBytes();
        if (streaming) {
          exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write("begin".getBytes(StandardCharsets.UTF_8));
          exchange.getResponseBody().flush();
        }
        begun.countDown();
        gate.await(40, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
  }

  private double cancelled() {
    return meters.get("membrane.http.cancelled").functionCounter().count();
  }
}
