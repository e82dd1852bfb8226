package io.membrane.scheduler;

import static io.membrane.scheduler.Service.ok;
import static io.membrane.scheduler.Service.problem;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.RedisProcess;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@TestInstance(Lifecycle.PER_CLASS)
class TelemetryEndpointTest {

  private static final String TELEMETRY = "/v1/telemetry";

  private static final String FLEET =
      """
      {"profiles": {"fast": {"gpus": 8, "prefill_seconds": {"polynomial": [0.4, 0.00005]},
                             "usd_per_gpu_hour": 2},
                    "slow": {"gpus": 8, "prefill_seconds": {"polynomial": [0.5, 0.00015]},
                             "decode": {"max_batch": 20, "step_ms": 25}, "usd_per_gpu_hour": 1}},
       "clusters": [{"cluster": "far", "role": "prefill", "instances": {"fast": 4},
                     "link": {"gbps": 100, "usd_per_gb": 0.001}},
                    {"cluster": "near", "role": "pd", "instances": {"slow": 8}}]}\
      """;

  private final RedisProcess redis = RedisProcess.embedded();
  private final Path fleet;
  private Service service;

  TelemetryEndpointTest(@TempDir Path folder) throws Exception {
    fleet = Files.writeString(folder.resolve("fleet.json"), FLEET);
    service = start();
  }

  private Service start() {
    return new Service(redis.port(), "membrane.scheduler.fleet=" + fleet);
  }

  @BeforeAll
  void aFleetIsKnown() {
    assertThat(service.state().get("threshold_tokens").asInt()).isPositive();
  }

  @AfterAll
  void stop() {
    service.close();
    redis.close();
  }

  @Test
  void aCongestedLinkKeepsPromptsLocalUntilItIsFreeAgain() {
    int t = service.state().get("threshold_tokens").asInt();
    int length = t + 2000;
    assertThat(route(length).get("target").asString()).isEqualTo("far");
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(100))
        .until(() -> {
          JsonNode taken = tell("\"egress_gbps\": 100, \"queue_depth\": 50, \"loss\": 0.05");
          return taken.get("effective_threshold_tokens").asInt() > length;
        });
    JsonNode kept = route(length);
    assertThat(kept.get("target").asString()).isEqualTo("near");
    assertThat(kept.get("threshold_tokens").asInt()).isEqualTo(t);
    assertThat(kept.get("effective_threshold_tokens").asInt()).isGreaterThan(length);
    assertThat(kept.get("reason").asString()).contains("threshold");

    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(100))
        .until(() ->
            tell("\"egress_gbps\": 1, \"queue_depth\": 0, \"loss\": 0")
                    .get("effective_threshold_tokens")
                    .asInt()
                == t);
  }

  @Test
  void aRouteTellsWhatEachClusterWouldCost() {
    tell("\"egress_gbps\": 20");
    JsonNode route = route(60_000);
    assertThat(route.get("target").asString()).isEqualTo("far");
    assertThat(route.get("rule").asString()).isEqualTo("length");
    assertThat(route.get("expected").get("ttft_ms").asDouble()).isBetween(3400.0, 4000.0);
    assertThat(route.get("expected").get("egress_mib").asDouble()).isBetween(1000.0, 1300.0);
    assertThat(route.get("terms").size()).isEqualTo(2);
    JsonNode far = route.get("terms").get(0);
    assertThat(far.get("cluster").asString()).isEqualTo("far");
    assertThat(far.get("ttft_ms").asDouble())
        .isEqualTo(
            far.get("wait_ms").asDouble()
                + far.get("prefill_ms").asDouble()
                + far.get("transfer_ms").asDouble());
    assertThat(far.get("gpu_usd").asDouble()).isPositive();
    assertThat(far.get("egress_usd").asDouble()).isPositive();
  }

  @Test
  void theStateAndTheMetricsShowEveryClusterAndTheRoles() {
    tell("\"egress_gbps\": 20, \"queue_depth\": 3");
    ok(
        service.post(
            TELEMETRY,
            """
            {"cluster": "near", "prefill_instances": 3, "decode_instances": 5, "utilisation": 0.5,
             "decode_utilisation": 0.6, "queue_depth": 0, "decode_queue_depth": 0}\
            """));
    route(60_000);
    JsonNode state = service.state();
    assertThat(state.get("clusters").size()).isEqualTo(2);
    JsonNode far = state.get("clusters").get(0);
    assertThat(far.get("cluster").asString()).isEqualTo("far");
    assertThat(far.get("role").asString()).isEqualTo("prefill");
    assertThat(far.get("availability").asString()).isEqualTo("up");
    assertThat(far.get("in_flight").get("requests").asInt()).isPositive();
    assertThat(far.get("window").size()).isPositive();
    assertThat(state.get("clusters").get(1).get("role").asString()).isEqualTo("pd");
    JsonNode roles = state.get("roles");
    assertThat(roles.get("wanted").get("prefill").asInt()).isPositive();
    assertThat(
            roles.get("wanted").get("prefill").asInt() + roles.get("wanted").get("decode").asInt())
        .isEqualTo(8);
    assertThat(roles.get("actual").get("prefill").asInt()).isEqualTo(3);
    assertThat(roles.get("actual").get("decode").asInt()).isEqualTo(5);
    Awaitility.await()
        .untilAsserted(() ->
            assertThat(service.get("/actuator/prometheus").body())
                .contains("membrane_scheduler_effective_threshold_tokens{")
                .contains("membrane_scheduler_offload_share{")
                .contains("membrane_scheduler_up{")
                .contains("membrane_scheduler_link_gbps{target=\"far\"} 100.0")
                .containsPattern("membrane_scheduler_model_rps [1-9]")
                .contains("membrane_scheduler_roles_wanted{")
                .contains("membrane_scheduler_roles_actual{"));
  }

  @Test
  void whatWasToldSurvivesARestart() {
    tell("\"egress_gbps\": 42");
    JsonNode before = service.state().get("clusters").get(0).get("last");
    service.close();
    service = start();
    JsonNode after = service.state().get("clusters").get(0).get("last");
    assertThat(after).isEqualTo(before);
    assertThat(after.get("egress_gbps").asDouble()).isEqualTo(42);
  }

  @Test
  void whatOneReplicaIsToldTheOtherRoutesBy() {
    try (Service other = start()) {
      tell("\"egress_gbps\": 1, \"status\": \"draining\"");
      Awaitility.await().until(() -> far(other), "draining"::equals);
      assertThat(route(other, 60_000).get("target").asString()).isEqualTo("near");
      tell("\"egress_gbps\": 1, \"status\": \"up\"");
      Awaitility.await().until(() -> far(other), "up"::equals);
      assertThat(route(other, 60_000).get("target").asString()).isEqualTo("far");
    }
  }

  private static String far(Service replica) {
    return replica.state().get("clusters").get(0).get("availability").asString();
  }

  @Test
  void aDrainingClusterGetsNothing() {
    tell("\"egress_gbps\": 1, \"status\": \"draining\"");
    JsonNode route = route(60_000);
    assertThat(route.get("target").asString()).isEqualTo("near");
    assertThat(route.get("reason").asString()).contains("far").contains("drain");
    tell("\"egress_gbps\": 1, \"status\": \"gone\"");
    assertThat(route(60_000).get("target").asString()).isEqualTo("near");
    tell("\"egress_gbps\": 1");
    assertThat(route(60_000).get("target").asString()).isEqualTo("far");
  }

  @Test
  void whereEveryClusterIsTooBusyAPromptIsRefusedUntilOneIsNot() {
    tell("\"egress_gbps\": 1, \"status\": \"gone\"");
    queue(200);
    HttpResponse<String> refused = service.post("/v1/routes", prompt(60_000));
    assertThat(problem(429, "overloaded", refused))
        .contains("at 'near'")
        .contains("30.0 s of max-wait");
    assertThat(refused.headers().firstValue("Retry-After")).isPresent();
    assertThat(service.get("/actuator/prometheus").body())
        .contains("membrane_scheduler_refusals_total{code=\"overloaded\"");

    queue(0);
    assertThat(route(60_000).get("target").asString()).isEqualTo("near");
    tell("\"egress_gbps\": 1");
  }

  private void queue(int waiting) {
    ok(
        service.post(
            "/v1/telemetry",
            """
            {"cluster": "near", "role": "pd", "prefill_instances": 4, "utilisation": %d,
             "queue_depth": %d}\
            """
                .formatted(waiting == 0 ? 0 : 1, waiting)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'\"egress_gbps\": -1' | egress_gbps",
        "'\"egress_gbps\": NaN' | egress_gbps",
        "'\"egress_gbps\": 1e300' | egress_gbps",
        "'\"link_gbps\": 0' | link_gbps",
        "'\"link_gbps\": Infinity' | link_gbps",
        "'\"queue_depth\": -1' | queue_depth",
        "'\"utilisation\": 1.2' | utilisation",
        "'\"loss\": 1.01' | loss",
        "'\"loss\": -0.1' | loss",
        "'\"retransmissions\": 120' | retransmissions",
        "'\"prefill_instances\": -1' | prefill_instances",
        "'\"decode_utilisation\": 2' | decode_utilisation",
        "'\"sampled_at_ms\": -1' | sampled_at_ms",
        "'\"sampled_at_ms\": 99999999999999' | sampled_at_ms",
      })
  void whatCannotHaveBeenMeasuredIsRefusedAndNamed(String field, String named) {
    HttpResponse<String> refused = service.post(TELEMETRY, "{\"cluster\": \"far\", " + field + "}");
    assertThat(problem(422, "impossible_request", refused)).startsWith(named);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "{\"cluster\": 5}",
        "{\"cluster\": \"a\", \"role\": \"decode\"}",
        "{\"cluster\": \"a\", \"status\": \"asleep\"}",
        "{\"cluster\": \"a\", \"egress_gbps\": \"fast\"}",
        "{\"cluster\": \"a\", \"prefill_instances\": 1.5}",
        "{\"cluster\": \"a\", \"cluster\": \"b\"}",
      })
  void whatIsNoTelemetryIsMalformed(String body) {
    problem(400, "malformed_request", service.post(TELEMETRY, body));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"cluster\": \"\"}", "{\"cluster\": \"  \"}"})
  void telemetryNamesItsCluster(String body) {
    assertThat(problem(422, "impossible_request", service.post(TELEMETRY, body)))
        .startsWith("cluster");
  }

  private JsonNode tell(String figures) {
    return ok(service.post(TELEMETRY, "{\"cluster\": \"far\", " + figures + "}"));
  }

  private JsonNode route(int tokens) {
    return route(service, tokens);
  }

  private static JsonNode route(Service replica, int tokens) {
    return ok(replica.post("/v1/routes", prompt(tokens)));
  }

  private static String prompt(int tokens) {
    return """
    {"total_tokens": %d, "clusters": [
      {"cluster": "near", "role": "pd", "cached_tokens": 0},
      {"cluster": "far", "role": "prefill", "cached_tokens": 0}]}\
    """
        .formatted(tokens);
  }
}
