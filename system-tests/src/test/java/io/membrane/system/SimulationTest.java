package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.rpc.CallContext;
import io.membrane.system.Http.Answer;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Plans, simulations and traces, as a planner's script would use them at the gateway. */
class SimulationTest {

  @RegisterExtension static final TestFleet FLEET = TestFleet.shared();

  private final Http http = FLEET.http();

  @Test
  void progressComesEventByEventThroughTheGatewayAndOutlivesTheDeadlineOfTheCall()
      throws Exception {
    String path = start(Map.of("requests", 1_000_000, "strategies", List.of("prfaas_pd")));
    List<String> events;
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      HttpResponse<InputStream> stream =
          client.send(
              http.request(path + "/events").header(CallContext.DEADLINE_HEADER, "500").build(),
              BodyHandlers.ofInputStream());
      assertThat(stream.headers().firstValue("Content-Type").orElseThrow())
          .startsWith("text/event-stream");
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
        events = lines.lines().filter(line -> line.startsWith("event: ")).toList();
      }
    }
    assertThat(events).hasSizeGreaterThan(2).startsWith("event: progress").endsWith("event: done");
    assertThat(http.get(path).json().at("/result/strategies/0/report/requests/arrived").asInt())
        .isEqualTo(1_000_000);
  }

  @Test
  void aRunningSimulationIsListedAndCancelled() {
    String path = start(Map.of("requests", 5_000_000));
    assertThat(http.get("/v1/simulations").text())
        .contains(path.substring("/v1/simulations/".length()));

    assertThat(http.send(http.request(path).DELETE()).status()).isEqualTo(204);

    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> http.get(path).json().get("status").asString().equals("cancelled"));
  }

  @Test
  void aTraceThatIsUploadedCanBeReplayedAndRemoved() {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 500; i++) {
      lines.append(
          "{\"timestamp\":%d,\"input_length\":2048,\"output_length\":9,\"hash_ids\":[0,1,2,%d]}\n"
              .formatted(i * 100, i + 3));
    }
    Answer uploaded =
        http.send(
            http.request("/v1/traces")
                .header("Content-Type", "application/x-ndjson")
                .POST(BodyPublishers.ofString(lines.toString())));
    assertThat(uploaded.status()).as(uploaded.text()).isEqualTo(201);
    String trace = uploaded.json().get("trace_id").asString();
    assertThat(uploaded.json().get("distinct_blocks").asInt()).isEqualTo(503);

    String path =
        start(
            Map.of(
                "strategies",
                List.of("prfaas_pd"),
                "arrivals",
                Map.of("replay", Map.of("trace", trace))));
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> http.get(path).json().get("status").asString().equals("done"));
    assertThat(http.get(path).json().at("/result/caches/0/hit_ratio").asDouble())
        .isEqualTo(1497 / 2000.0);

    assertThat(http.send(http.request("/v1/traces/" + trace).DELETE()).status()).isEqualTo(204);
    http.get("/v1/traces/" + trace).problem(404);
  }

  @Test
  void theCaseStudyIsPlannedByAnEmptyPostAsCurlSendsIt() {
    Answer plan =
        http.send(
            http.request("/v1/plans")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.noBody()));

    assertThat(plan.status()).as(plan.text()).isEqualTo(200);
    assertThat(plan.json().at("/best/n_p").asInt()).isEqualTo(3);
  }

  private String start(Map<String, ?> request) {
    Answer accepted = http.post("/v1/simulations", request);
    assertThat(accepted.status()).as(accepted.text()).isEqualTo(202);
    return accepted.header("Location");
  }
}
