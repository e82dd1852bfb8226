package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.membrane.fixture.FaultProxy.Fault;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class BackendFailureTest extends GatewayTest {

  private static final int PART = 100_000;

  @ParameterizedTest
  @CsvSource({
    "/v1/nodes,directory-service",
    "/v1/fragments/x,fragment-service",
    "/v1/contexts/x/explanation,reconstruction-service",
    "/v1/scheduler/state,scheduler-service",
    "/v1/models,compute-worker"
  })
  void aServiceThatIsGoneIsNamed(String path, String service) {
    backend(service).fails(new Fault.Refuse());

    HttpResponse<String> answer = get(path);

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("retry-after")).isPresent();
    assertThat(answer.headers().firstValue("content-type")).hasValue("application/problem+json");
    assertThat(problem(answer).code()).isEqualTo("dependency_unavailable");
    assertThat(problem(answer).retriable()).isTrue();
    assertThat(problem(answer).detail()).contains(service);
    assertThat(problem(answer).traceId()).isNotBlank();
  }

  @Test
  void aServiceThatComesBackIsUsedAgainWithoutARestart() {
    backend("compute-worker").fails(new Fault.Refuse());
    for (int i = 0; i < 12; i++) {
      assertThat(get("/v1/models").statusCode()).isEqualTo(503);
    }

    backend("compute-worker").recovers();

    await().untilAsserted(() -> assertThat(get("/v1/models").statusCode()).isEqualTo(200));
  }

  @Test
  void oneServiceThatIsGoneDoesNotHinderTheOthers() {
    backend("compute-worker").fails(new Fault.Refuse());

    assertThat(get("/v1/models").statusCode()).isEqualTo(503);
    assertThat(get("/v1/nodes").statusCode()).isEqualTo(200);
  }

  @Test
  void aSilentServiceCostsNoMoreThanTheDeadline() {
    backend("scheduler-service").fails(new Fault.Silence());
    long start = System.nanoTime();

    HttpResponse<String> answer =
        send(
            request("/v1/routes")
                .header("Membrane-Deadline-Ms", "300")
                .POST(BodyPublishers.ofString("{}")));

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(problem(answer).code()).isEqualTo("deadline_exceeded");
    assertThat(problem(answer).detail()).contains("scheduler-service");
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(290), Duration.ofSeconds(3));
  }

  /** 500,100: a problem document of a few hundred bytes would make the answer look whole. */
  @ParameterizedTest
  @ValueSource(longs = {1_000_000, 500_100, 0})
  void anAnswerThatBreaksOffIsSeenAsBroken(long declaredLength) throws Exception {
    backend("fragment-service")
        .answers(exchange -> {
          exchange.sendResponseHeaders(200, declaredLength);
          exchange.getResponseBody().write(new byte[500_000]);
          exchange.getResponseBody().flush();
        });

    HttpResponse<InputStream> answer =
        HTTP.send(request("/v1/fragments/x").build(), BodyHandlers.ofInputStream());
    try (InputStream body = answer.body()) {
      assertThat(body.readNBytes(PART)).hasSize(PART);
      backend("fragment-service").fails(new Fault.Refuse());

      assertThatThrownBy(body::readAllBytes).isInstanceOf(IOException.class);
    }
  }

  @Test
  void anAnswerThatTakesPastTheDeadlineIsSeenAsBroken() {
    backend("fragment-service")
        .answers(exchange -> {
          exchange.sendResponseHeaders(200, 10);
          exchange.getResponseBody().write(1);
          exchange.getResponseBody().flush();
        });

    assertThatThrownBy(() ->
            HTTP.send(
                request("/v1/fragments/x").header("Membrane-Deadline-Ms", "300").build(),
                BodyHandlers.ofByteArray()))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(java.net.http.HttpTimeoutException.class);
  }

  @Test
  void anAnswerThatIsNoHttpIsAFailureOfTheService() {
    backend("fragment-service").fails(new Fault.FlipBit(0));

    HttpResponse<String> answer = get("/v1/fragments/x");

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(problem(answer).detail()).contains("fragment-service");
  }

  @ParameterizedTest
  @CsvSource({"GET,2", "DELETE,2", "POST,1", "PUT,1"})
  void onlyWhatMayBeRepeatedIsTriedAgain(String method, int expectedTries) {
    AtomicInteger tries = new AtomicInteger();
    backend("fragment-service")
        .answers(exchange -> {
          if (tries.incrementAndGet() == 1) {
            exchange.close();
            return;
          }
          try (exchange) {
            exchange.sendResponseHeaders(204, -1);
          }
        });
    boolean body = method.equals("POST") || method.equals("PUT");

    HttpResponse<String> answer =
        send(
            request("/v1/fragments/x")
                .method(method, body ? BodyPublishers.ofString("kv") : BodyPublishers.noBody()));

    assertThat(tries).hasValue(expectedTries);
    assertThat(answer.statusCode()).isEqualTo(body ? 503 : 204);
  }

  @Test
  void anErrorOfTheServiceIsItsAnswerAndNotTriedAgain() {
    AtomicInteger tries = new AtomicInteger();
    backend("fragment-service")
        .answers(exchange -> {
          tries.incrementAndGet();
          try (exchange) {
            byte[] body = "mine".getBytes(StandardCharsets.US_ASCII);
            exchange.sendResponseHeaders(503, body.length);
            exchange.getResponseBody().write(body);
          }
        });

    HttpResponse<String> answer = get("/v1/fragments/x");

    assertThat(answer.body()).isEqualTo("mine");
    assertThat(tries).hasValue(1);
  }
}
