package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.ServiceUnderTest;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two instances of one service, of which one is not well. */
@Timeout(120)
class InstanceFailureTest {

  private static final int TRIES = 30;

  private ManyInstances fleet = new ManyInstances();

  @AfterEach
  void end() {
    fleet.close();
  }

  @Test
  void callsGoToTheInstancesInTurn() {
    assertThat(Stream.generate(this::prefill).limit(10).map(HttpResponse::body))
        .contains("w0 /v1/prefill", "w1 /v1/prefill");
  }

  @Test
  void anInstanceThatIsBusyIsNotGivenMore() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger held = new AtomicInteger();
    fleet.worker(0).answers(exchange -> hold(exchange, held, release));
    try {
      Thread.ofVirtual().start(this::prefill);
      Thread.ofVirtual().start(this::prefill);
      await().until(() -> held.get() == 1);

      for (int i = 0; i < TRIES; i++) {
        assertThat(prefill().body()).isEqualTo("w1 /v1/prefill");
      }
    } finally {
      release.countDown();
    }
    assertThat(held).hasValue(1);
  }

  @Test
  void whereNobodyListensIsPassedOverAndThatIsCounted() {
    fleet.close();
    try (Backend alive = new Backend("w")) {
      fleet = new ManyInstances(ManyInstances.NOBODY, alive.url());

      for (int i = 0; i < TRIES; i++) {
        assertThat(prefill().body()).isEqualTo("w /v1/prefill");
        assertThat(fleet.gateway().get("/v1/models").body()).isEqualTo("w /v1/models");
      }
    }
  }

  @Test
  void oneThatIsNotReadyIsPassedOverAndUsedIfNoneIs() {
    fleet.worker(0).isReady(false);

    await()
        .untilAsserted(() ->
            assertThat(Stream.generate(this::prefill).limit(TRIES).map(HttpResponse::body))
                .containsOnly("w1 /v1/prefill"));

    fleet.worker(1).isReady(false);
    await()
        .untilAsserted(() ->
            assertThat(Stream.generate(this::prefill).limit(TRIES).map(HttpResponse::body))
                .contains("w0 /v1/prefill", "w1 /v1/prefill"));
  }

  @Test
  void oneThatTurnsAwayIsPassedOverUnlessTheBodyIsOnItsWay() {
    fleet.worker(0).answers(InstanceFailureTest::turnAway);

    for (int i = 0; i < TRIES; i++) {
      assertThat(fleet.gateway().get("/v1/models").body()).isEqualTo("w1 /v1/models");
    }
    assertThat(Stream.generate(this::prefill).limit(TRIES))
        .allSatisfy(answer -> {
          if (answer.statusCode() != 200) {
            assertThat(ServiceUnderTest.problem(503, "dependency_unavailable", answer))
                .contains("restarted", "again");
            assertThat(answer.headers().firstValue("Retry-After")).isPresent();
          }
        });
  }

  @Test
  void oneThatFailsIsLeftAloneAndTheOtherIsNot() {
    fleet.worker(0).fails(new Fault.Refuse());

    for (int i = 0; i < TRIES; i++) {
      assertThat(fleet.gateway().get("/v1/models").body()).isEqualTo("w1 /v1/models");
    }
  }

  @Test
  void whatOneInstanceAloneKnowsIsAskedOfAll() {
    fleet.other().answers(InstanceFailureTest::unknown);
    for (int i = 0; i < 3; i++) {
      fleet.node(i).answers(InstanceFailureTest::unknown);
    }
    assertThat(fleet.gateway().get("/v1/transfers/t1").statusCode()).isEqualTo(404);

    fleet.node(1).reset();
    await()
        .untilAsserted(
            () -> assertThat(fleet.gateway().get("/v1/transfers/t1").statusCode()).isEqualTo(200));
    for (int i = 0; i < TRIES; i++) {
      assertThat(fleet.gateway().get("/v1/transfers/t1").statusCode()).isEqualTo(200);
    }
  }

  private HttpResponse<String> prefill() {
    return fleet.gateway().post("/v1/prefill", "{}");
  }

  private static void hold(HttpExchange exchange, AtomicInteger held, CountDownLatch release)
      throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      held.incrementAndGet();
      release.await(60, TimeUnit.SECONDS);
      exchange.sendResponseHeaders(204, -1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** As a server does that has closed its port, on a connection that is open from before. */
  private static void turnAway(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().set("Connection", "close");
      exchange.sendResponseHeaders(503, -1);
    }
  }

  private static void unknown(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.sendResponseHeaders(404, -1);
    }
  }
}
