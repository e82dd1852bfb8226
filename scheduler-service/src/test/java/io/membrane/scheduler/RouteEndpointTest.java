package io.membrane.scheduler;

import static io.membrane.scheduler.Service.json;
import static io.membrane.scheduler.Service.ok;
import static io.membrane.scheduler.Service.problem;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.SchedulerClient;
import io.membrane.wire.SchedulerClient.ClusterState;
import io.membrane.wire.SchedulerClient.Expected;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import io.membrane.wire.SchedulerClient.RouteRequest;
import io.membrane.wire.SchedulerClient.RouteResponse;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.web.client.RestClient;
import tools.jackson.databind.JsonNode;

class RouteEndpointTest {

  private static final String ROUTES = "/v1/routes";
  private static final RedisProcess REDIS = RedisProcess.embedded();
  private static final Service SERVICE =
      new Service(
          REDIS.port(),
          "membrane.scheduler.threshold-tokens=1000",
          "membrane.scheduler.regime=abundant");

  @AfterAll
  static void end() {
    SERVICE.close();
    REDIS.close();
  }

  @Test
  void aRouteNamesTheTargetTheTransferAndTheReason() {
    JsonNode route =
        route(
            """
            {"total_tokens": 5000, "deadline_ms": 2000, "clusters": [
              {"cluster": "local", "role": "pd", "cached_tokens": 2048},
              {"cluster": "remote", "role": "prefill", "cached_tokens": 1024}]}\
            """);
    assertThat(route)
        .isEqualTo(
            json(
                """
                {"target": "remote", "threshold_tokens": 1000, "effective_threshold_tokens": 1000,
                 "incremental_tokens": 2952, "regime": "abundant",
                 "transfer": {"from": "local", "to": "remote", "tokens": 2048}, "expected": {},
                 "terms": [], "rule": "length",
                 "reason": "abundant bandwidth: 5000 tokens less the longest cache, 2048 at 'local', leave 2952, above the threshold of 1000; 'remote' computes 2952, after moving 2048 cached tokens from 'local'"}\
                """));
  }

  @Test
  void theNodeWithTheFewestTokensToDoIsNamed() {
    JsonNode route =
        route(
            """
            {"total_tokens": 900, "clusters": [{"cluster": "local", "role": "pd", "cached_tokens": 800,
              "nodes": [{"node": "busy", "cached_tokens": 800, "queued_tokens": 5000},
                        {"node": "cold", "cached_tokens": 0},
                        {"node": "warm", "cached_tokens": 512, "queued_tokens": 100}]}]}\
            """);
    assertThat(route.get("node").asString()).isEqualTo("warm");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "5",
        "null",
        "{\"node\": \"\", \"cached_tokens\": 0}",
        "{\"node\": \"n\"}",
        "{\"node\": \"n\", \"cached_tokens\": -1}",
        "{\"node\": \"n\", \"cached_tokens\": 0, \"queued_tokens\": -1}",
        "{\"node\": \"n\", \"cached_tokens\": 0, \"queued_tokens\": 1.5}",
      })
  void aNodeThatIsNoneIsMalformed(String node) {
    refused(
        400,
        "malformed_request",
        """
        {"total_tokens": 9, "clusters": [{"cluster": "a", "role": "pd", "cached_tokens": 0,
                                          "nodes": [%s]}]}\
        """
            .formatted(node));
  }

  @Test
  void aNodeThatIsNamedTwiceOrHoldsMoreThanThePromptIsImpossible() {
    String cluster =
        """
        {"total_tokens": 9, "clusters": [{"cluster": "a", "role": "pd", "cached_tokens": 0,
                                          "nodes": [%s]}]}\
        """;
    String node = "{\"node\": \"n\", \"cached_tokens\": 0}";
    refused(422, "impossible_request", cluster.formatted(node + "," + node));
    refused(
        422, "impossible_request", cluster.formatted("{\"node\": \"n\", \"cached_tokens\": 10}"));
  }

  @Test
  void theClientOfOtherServicesSpeaksTheSameContract() {
    SchedulerClient client =
        new ServiceClients(
                RestClient.builder(),
                new ClientProperties(
                    Map.of(),
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(9),
                    4,
                    1,
                    Duration.ofSeconds(1)))
            .of(SchedulerClient.class, "scheduler-service", SERVICE.url());
    RouteResponse route =
        client.route(
            new RouteRequest(
                5000,
                List.of(
                    new ClusterState("local", Role.PD, 0, null),
                    new ClusterState("remote", Role.PREFILL, 1024, null)),
                null));
    assertThat(route.target()).isEqualTo("remote");
    assertThat(route.incrementalTokens()).isEqualTo(3976);
    assertThat(route.regime()).isEqualTo(Regime.ABUNDANT);
    assertThat(route.transfer()).isNull();
    assertThat(route.expected()).isEqualTo(new Expected(null, null));
  }

  @Test
  void theStateShowsTheLastDecisionsNewestFirstAndNoMoreThanItsLimit() {
    for (int tokens : IntStream.rangeClosed(1, RecentDecisions.CAPACITY + 6).toArray()) {
      route(one("\"total_tokens\": " + tokens, "\"pd\"", "0"));
    }
    JsonNode state = SERVICE.state();
    assertThat(state.get("threshold_tokens").asInt()).isEqualTo(1000);
    assertThat(state.get("effective_threshold_tokens").asInt()).isEqualTo(1000);
    assertThat(state.get("regime").asString()).isEqualTo("abundant");
    JsonNode recent = state.get("recent_decisions");
    assertThat(recent.size()).isEqualTo(RecentDecisions.CAPACITY);
    assertThat(recent.get(0).get("total_tokens").asInt()).isEqualTo(RecentDecisions.CAPACITY + 6);
    assertThat(recent.get(0).get("target").asString()).isEqualTo("a");
    assertThat(recent.get(0).get("decided_at_ms").asLong()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "\"text\"",
        "{}",
        "{\"total_tokens\": 1}",
        "{\"total_tokens\": 1, \"clusters\": []}",
        "{\"total_tokens\": 1, \"clusters\": [null]}",
        "{\"total_tokens\": 1, \"clusters\": {}}",
        "{\"total_tokens\": 1, \"clusters\": [{}]}",
        "{\"total_tokens\": 1, \"clusters\": [{\"cluster\": 5, \"role\": \"pd\","
            + " \"cached_tokens\": 0}]}",
        "{\"total_tokens\": 1, \"clusters\": [{\"role\": \"pd\", \"cached_tokens\": 0}]}",
        "{\"total_tokens\": 1, \"clusters\": [{\"cluster\": \" \", \"role\": \"pd\","
            + " \"cached_tokens\": 0}]}",
        "{\"total_tokens\": 1, \"total_tokens\": 2, \"clusters\": [{\"cluster\": \"a\","
            + " \"role\": \"pd\", \"cached_tokens\": 0}]}",
      })
  void aMalformedBodyIsRefused(String body) {
    refused(400, "malformed_request", body);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'\"total_tokens\": 0'          | '\"pd\"'     | 0",
        "'\"total_tokens\": -5'         | '\"pd\"'     | 0",
        "'\"total_tokens\": 1.5'        | '\"pd\"'     | 0",
        "'\"total_tokens\": \"12\"'     | '\"pd\"'     | 0",
        "'\"total_tokens\": 2147483648' | '\"pd\"'     | 0",
        "'\"total_tokens\": null'       | '\"pd\"'     | 0",
        "'\"total_tokens\": 9'          | '\"decode\"' | 0",
        "'\"total_tokens\": 9'          | null         | 0",
        "'\"total_tokens\": 9'          | 1            | 0",
        "'\"total_tokens\": 9'          | '\"pd\"'     | -1",
        "'\"total_tokens\": 9'          | '\"pd\"'     | null",
        "'\"total_tokens\": 9'          | '\"pd\"'     | true",
        "'\"deadline_ms\": 0, \"total_tokens\": 9' | '\"pd\"' | 0",
      })
  void aValueOfTheWrongKindIsRefused(String total, String role, String cached) {
    refused(400, "malformed_request", one(total, role, cached));
  }

  @Test
  void whatIsTooLongOrTooManyIsRefused() {
    refused(
        400,
        "malformed_request",
        "{\"total_tokens\": 1, \"clusters\": [{\"cluster\": \"%s\", \"role\": \"pd\", \"cached_tokens\": 0}]}"
            .formatted("x".repeat(257)));
    String many =
        String.join(
            ",",
            IntStream.range(0, 257)
                .mapToObj(i ->
                    "{\"cluster\": \"c%d\", \"role\": \"pd\", \"cached_tokens\": 0}".formatted(i))
                .toList());
    refused(400, "malformed_request", "{\"total_tokens\": 1, \"clusters\": [" + many + "]}");
  }

  @Test
  void whatIsWellFormedButImpossibleIsRefused() {
    refused(422, "impossible_request", one("\"total_tokens\": 9", "\"pd\"", "10"));
    refused(
        422,
        "impossible_request",
        """
        {"total_tokens": 9, "clusters": [{"cluster": "a", "role": "pd", "cached_tokens": 0},
                                         {"cluster": "a", "role": "prefill", "cached_tokens": 0}]}\
        """);
  }

  @Test
  void unknownFieldsAreIgnored() {
    route(one("\"colour\": \"blue\", \"total_tokens\": 9", "\"pd\"", "0"));
  }

  @Test
  void anotherMethodOrMediaTypeIsAProblemToo() {
    assertThat(SERVICE.get(ROUTES).statusCode()).isEqualTo(405);
    problem(
        415,
        "unsupported_media_type",
        SERVICE.post(ROUTES, "text/plain", BodyPublishers.ofString("{}")));
  }

  @Test
  void healthMetricsAndTheContractAreServed() {
    route(one("\"total_tokens\": 9", "\"pd\"", "0"));
    assertThat(SERVICE.get("/actuator/health/readiness").statusCode()).isEqualTo(200);
    assertThat(ok(SERVICE.get("/v3/api-docs")).get("paths").has(ROUTES)).isTrue();
    assertThat(SERVICE.get("/actuator/prometheus").body())
        .contains("membrane_scheduler_decisions_total{")
        .contains("membrane_scheduler_incremental_tokens_count{")
        .contains("membrane_scheduler_threshold_tokens 1000");
  }

  private static void refused(int status, String code, String body) {
    problem(status, code, SERVICE.post(ROUTES, body));
  }

  private static String one(String total, String role, String cached) {
    return "{%s, \"clusters\": [{\"cluster\": \"a\", \"role\": %s, \"cached_tokens\": %s}]}"
        .formatted(total, role, cached);
  }

  private static JsonNode route(String body) {
    return ok(SERVICE.post(ROUTES, body));
  }
}
