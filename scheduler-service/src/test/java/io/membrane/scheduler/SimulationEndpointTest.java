package io.membrane.scheduler;

import static io.membrane.scheduler.Service.SIMULATIONS;
import static io.membrane.scheduler.Service.json;
import static io.membrane.scheduler.Service.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.RedisProcess;
import io.membrane.scheduler.EventStream.Event;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Two replicas on one Redis. */
class SimulationEndpointTest {

  /** Takes many seconds. */
  private static final String LONG = "{\"requests\": 5000000}";

  private static final String SHORT =
      "{\"requests\": 2000, \"strategies\": [\"prfaas_pd\"], \"seed\": 7}";

  private static final RedisProcess REDIS = RedisProcess.embedded();
  private static final Service ONE = new Service(REDIS.port());
  private static final Service OTHER = new Service(REDIS.port());

  @AfterAll
  static void end() {
    ONE.close();
    OTHER.close();
    REDIS.close();
  }

  @Test
  void anEmptyBodyComparesTheStrategiesOfTheCaseStudyAndAnyReplicaHasTheResult() {
    HttpResponse<String> accepted =
        ONE.post(SIMULATIONS, "application/json", BodyPublishers.noBody());

    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
    JsonNode queued = json(accepted);
    assertThat(queued.get("status").asString()).isIn("queued", "running");
    String path = SIMULATIONS + "/" + queued.get("simulation_id").asString();
    assertThat(accepted.headers().firstValue("Location")).contains(path);

    JsonNode done = OTHER.await(path, "done");
    assertThat(done.get("progress").asDouble()).isEqualTo(1);
    JsonNode strategies = done.get("result").get("strategies");
    assertThat(strategies.valueStream().map(s -> s.get("strategy").asString()))
        .containsExactly(
            "prfaas_pd", "prfaas_pd_uncontrolled", "homogeneous_pd", "naive_heterogeneous_pd");
    JsonNode prfaas = strategies.get(0);
    assertThat(prfaas.get("lambda_max_rps").asDouble()).isCloseTo(3.263, within(0.01));
    assertThat(prfaas.get("n_prefill").asInt()).isEqualTo(4);
    assertThat(prfaas.get("n_p").asInt()).isEqualTo(3);
    assertThat(prfaas.get("n_d").asInt()).isEqualTo(5);
    assertThat(prfaas.get("report").get("requests").get("arrived").asInt()).isEqualTo(100_000);
    assertThat(prfaas.get("report").get("ttft").get("p90_seconds").asDouble()).isPositive();
    assertThat(done.get("result").get("offered_rps").asDouble()).isCloseTo(2.61, within(0.02));
    Awaitility.await()
        .until(() ->
            ONE.get("/actuator/prometheus")
                .body()
                .contains("membrane_scheduler_simulations_total{status=\"done\"}"));
    assertThat(OTHER.get("/actuator/prometheus").body())
        .contains("membrane_scheduler_simulations_under_way 0");
  }

  @Test
  void anUploadedTraceIsReplayedOnTheFleetThatIsPlannedForIt() throws Exception {
    String trace =
        json(ONE.upload(TraceEndpointTest.conversationTrace())).get("trace_id").asString();

    JsonNode done =
        OTHER.await(
            ONE.start(
                """
                {"strategies": ["prfaas_pd"], "arrivals": {"replay": {"trace": "%s"}}}\
                """
                    .formatted(trace)),
            "done");

    JsonNode result = done.get("result");
    assertThat(result.at("/strategies/0/report/requests/arrived").asInt()).isEqualTo(12_031);
    assertThat(result.at("/caches/0").has("blocks")).isFalse();
    assertThat(result.at("/caches/0/hit_ratio").asDouble()).isCloseTo(0.3664, within(5e-5));
    assertThat(result.at("/caches/4/blocks").asInt()).isEqualTo(1000);
    assertThat(result.at("/caches/4/hit_ratio").asDouble()).isBetween(0.0, 0.3);
  }

  @Test
  void theSameSeedGivesTheSameResult() {
    JsonNode first = ONE.await(ONE.start(SHORT), "done").get("result");
    JsonNode second = ONE.await(OTHER.start(SHORT), "done").get("result");
    assertThat(first).isEqualTo(second);
  }

  @Test
  void eventsOfAnotherReplicaComeOneByOneUntilTheLast() throws Exception {
    String path = ONE.start("{\"requests\": 50000, \"strategies\": [\"prfaas_pd\"]}");
    List<Event> events;
    try (EventStream stream = new EventStream(OTHER.uri(path + "/events"))) {
      events = stream.rest();
    }

    assertThat(events.getLast().name()).isEqualTo("done");
    assertThat(events.subList(0, events.size() - 1))
        .allSatisfy(event -> assertThat(event.name()).isEqualTo("progress"));
    assertThat(events.stream().map(SimulationEndpointTest::progress)).isSorted().endsWith(1.0);
    assertThat(events.getLast().data().has("result")).isFalse();
  }

  @Test
  void whoComesLateGetsTheStateAtOnce() throws Exception {
    String path = ONE.start(SHORT);
    ONE.await(path, "done");

    try (EventStream stream = new EventStream(OTHER.uri(path + "/events"))) {
      assertThat(stream.rest()).extracting(Event::name).containsExactly("done");
    }
  }

  @Test
  void whoLeavesDoesNotDisturbTheRunAndACancellationEndsItOnTheOtherReplica() throws Exception {
    String path = ONE.start(LONG);
    try (EventStream leaving = new EventStream(ONE.uri(path + "/events"))) {
      assertThat(Objects.requireNonNull(leaving.next()).name()).isEqualTo("progress");
    }
    ONE.await(path, "running");

    try (EventStream staying = new EventStream(OTHER.uri(path + "/events"))) {
      Event first = Objects.requireNonNull(staying.next());
      Event second = Objects.requireNonNull(staying.next());
      assertThat(List.of(first, second)).extracting(Event::name).containsOnly("progress");
      assertThat(progress(second)).isStrictlyBetween(progress(first), 1.0);
      assertThat(OTHER.delete(path).statusCode()).isEqualTo(204);
      assertThat(staying.rest().getLast().name()).isEqualTo("cancelled");
    }
    JsonNode state = json(ONE.get(path));
    assertThat(state.get("status").asString()).isEqualTo("cancelled");
    assertThat(state.get("reason").asString()).isNotBlank();
    assertThat(state.has("result")).isFalse();
  }

  @Test
  void moreThanNineAreTurnedAwayWithATimeToTryAgain() {
    List<String> paths = new ArrayList<>();
    HttpResponse<String> refused;
    do {
      refused = ONE.post(SIMULATIONS, LONG);
      refused.headers().firstValue("Location").ifPresent(paths::add);
    } while (refused.statusCode() == 202 && paths.size() < 20);

    assertThat(paths).hasSize(9);
    problem(429, "overloaded", refused);
    assertThat(refused.headers().firstValue("Retry-After")).isPresent();
    assertThat(json(OTHER.get(SIMULATIONS)).get("simulations").size()).isGreaterThanOrEqualTo(9);
    assertThat(json(OTHER.getAs("another", SIMULATIONS)).get("simulations").size()).isZero();
    assertThat(OTHER.getAs("another", paths.getFirst()).statusCode()).isEqualTo(404);

    paths.forEach(path -> assertThat(OTHER.delete(path).statusCode()).isEqualTo(204));
    paths.forEach(path -> OTHER.await(path, "cancelled"));
  }

  @Test
  void moreFollowersThanThereIsRoomForAreTurnedAwayUntilOthersLeave() throws Exception {
    String path = ONE.start(LONG);
    ONE.await(path, "running");
    List<Socket> followers = new ArrayList<>();
    for (int i = 0; i < SimulationEvents.MOST_STREAMS; i++) {
      followers.add(follower(path));
    }
    problem(429, "overloaded", ONE.get(path + "/events"));

    for (Socket follower : followers) {
      follower.close();
    }
    Socket next =
        Awaitility.await()
            .atMost(Duration.ofSeconds(20))
            .ignoreExceptions()
            .until(() -> follower(path), Objects::nonNull);
    next.close();
    assertThat(ONE.delete(path).statusCode()).isEqualTo(204);
    ONE.await(path, "cancelled");
  }

  private static double progress(Event event) {
    return event.data().get("progress").asDouble();
  }

  /** A connection on which events come. */
  private static Socket follower(String path) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), ONE.uri(path).getPort());
    socket
        .getOutputStream()
        .write(
            ("GET " + path + "/events HTTP/1.1\r\nHost: scheduler\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    byte[] status = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
    if (!new String(status, StandardCharsets.US_ASCII).equals("HTTP/1.1 200")) {
      socket.close();
      throw new IOException("turned away");
    }
    return socket;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "[]",
        "\"x\"",
        "{\"requests\": \"many\"}",
        "{\"strategies\": [\"best\"]}",
        "{\"strategies\": \"prfaas_pd\"}",
        "{\"arrivals\": {\"poisson\": 3}}",
        "{\"prompts\": \"long\"}",
        "{\"seed\": 1.5}",
        "{\"control\": {\"congestion\": \"yes\"}}",
        "{\"requests\": 1, \"requests\": 2}",
      })
  void aMalformedBodyIsRefused(String body) {
    problem(400, "malformed_request", ONE.post(SIMULATIONS, body));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"requests": 0}                                                   | requests: 0
          {"requests": 5000001}                                             | requests: 5000001
          {"requests": 1.5}                                                 | requests: 1.5
          {"requests": NaN}                                                 | requests: NaN
          {"duration_s": -1}                                                | duration_s: -1
          {"duration_s": 1e99}                                              | duration_s
          {"warm_up": 1}                                                    | warm_up: 1
          {"strategies": []}                                                | strategies: empty
          {"strategies": [null]}                                            | strategies[0]: missing
          {"strategies": ["homogeneous_pd", "prfaas_pd", "homogeneous_pd"]} | strategies[2]: homogeneous_pd stands there a second time
          {"arrivals": {}}                                                  | arrivals: not exactly one
          {"arrivals": {"poisson": {"rps": 1}, "steady": {"rps": 1}}}       | arrivals: not exactly one
          {"arrivals": {"poisson": {}}}                                     | arrivals.poisson.rps: missing
          {"arrivals": {"steady": {"rps": 0}}}                              | arrivals.steady.rps: 0
          {"arrivals": {"bursts": {"rps": 1, "factor": 0.5, "burst_s": 1, "quiet_s": 1}}} | arrivals.bursts.factor
          {"arrivals": {"replay": {"trace": "none"}}}                       | arrivals.replay.trace: there is no trace
          {"arrivals": {"replay": {}}}                                      | arrivals.replay.trace: missing
          {"prompts": "trace"}                                              | prompts: there is no trace
          {"shifts": [{"rate_factor": 2}]}                                  | shifts[0].from_s: missing
          {"shifts": [{"from_s": 1, "rate_factor": 0}]}                     | shifts[0].rate_factor: 0
          {"shifts": [{"from_s": 9}, {"from_s": 3}]}                        | shifts
          {"link": {"loss": {}}}                                            | link.loss: write either
          {"link": {"loss": {"rate": 1}}}                                   | link.loss.rate: 1
          {"link": {"fluctuation": {}}}                                     | link.fluctuation.cv: missing
          {"link": {"outages": [{"from_s": 9, "to_s": 3}]}}                 | link.outages[0]
          {"link": {"outages": [{"cluster": "moon", "from_s": 1, "to_s": 3}]}} | moon
          {"cache": {"blocks": -1}}                                         | cache.blocks: -1
          {"control": {"usd_per_second": -1}}                               | control.usd_per_second
          {"control": {"max_wait_s": 0}}                                    | control.max_wait_s
          {"batch_tokens": -1}                                              | batch_tokens: -1
          {"ttft_limit_s": 0}                                               | ttft_limit_s: 0
          {"plan": {"model": "unheard-of"}}                                 | plan.model
          {"plan": {"clusters": []}}                                        | plan.clusters
          {"plan": {"workload": {"input": {"trace": "none"}}}}              | plan.workload.input.trace
          {"plan": {"clusters": [{"cluster": "pd", "role": "pd", "instances": {"h20": 8}}]}, "strategies": ["naive_heterogeneous_pd"]} | plan: naive_heterogeneous_pd
          {"plan": {"clusters": [{"cluster": "pd", "role": "pd", "instances": {"h20": 1}}]}} | plan: no threshold and split serve
          """)
  void whatIsWellFormedButImpossibleIsRefusedWithItsPlace(String body, String said) {
    assertThat(problem(422, "impossible_request", ONE.post(SIMULATIONS, body))).contains(said);
  }

  @Test
  void aSimulationThatIsNotThereIsNotFound() {
    for (String id : List.of("x", "sim-" + "0".repeat(32))) {
      String path = SIMULATIONS + "/" + id;
      assertThat(ONE.get(path).statusCode()).as(id).isEqualTo(404);
    }
    String path = SIMULATIONS + "/sim-" + "0".repeat(32);
    problem(404, "not_found", ONE.get(path + "/events"));
    problem(404, "not_found", ONE.delete(path));
  }
}
