package io.membrane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.ServiceUnderTest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;

/** The whole scheduler-service, and a client of it. */
final class Service extends ServiceUnderTest {

  static final String SIMULATIONS = "/v1/simulations";
  static final String TRACES = "/v1/traces";

  Service(int redisPort, String... properties) {
    super(
        SchedulerApplication.class,
        Stream.concat(
                Stream.of("spring.data.redis.url=redis://127.0.0.1:" + redisPort),
                Stream.of(properties))
            .toArray(String[]::new));
  }

  /** One that finds its Redis by these settings. */
  Service(String... properties) {
    super(SchedulerApplication.class, properties);
  }

  /** Uploads a trace. */
  HttpResponse<String> upload(String lines) {
    return post(TRACES, "application/x-ndjson", BodyPublishers.ofString(lines));
  }

  /** Starts a simulation; its path. */
  String start(String body) {
    HttpResponse<String> response = post(SIMULATIONS, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
    return response.headers().firstValue("Location").orElseThrow();
  }

  /** Waits until a simulation has this status; its state then. */
  JsonNode await(String path, String status) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions()
        .until(() -> json(get(path)), state -> state.get("status").asString().equals(status));
  }

  /** The JSON of {@code GET /v1/scheduler/state}. */
  JsonNode state() {
    return ok(get("/v1/scheduler/state"));
  }
}
