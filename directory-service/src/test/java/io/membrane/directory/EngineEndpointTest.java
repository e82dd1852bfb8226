package io.membrane.directory;

import static io.membrane.fixture.ServiceUnderTest.ok;
import static io.membrane.fixture.ServiceUnderTest.problem;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.directory.engine.EnginePublisher;
import io.membrane.directory.engine.wire.Capture;
import io.membrane.fixture.LoopbackPorts;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.WireJson;
import io.membrane.tenancy.Policies;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import io.membrane.wire.LogEntry;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import tools.jackson.databind.JsonNode;

/** Two replicas of the directory over one Redis, which share the engines among them. */
class EngineEndpointTest {

  private static final List<byte[]> STORY = Capture.payloads("vllm-0.33.0");

  /** The tokens of the story's first three blocks, and one that it has not. */
  private static final String PROMPT =
      """
      {"namespace": {"revision": "r1"},
       "tokens": [100,101,102,103, 104,105,106,107, 108,109,110,111, 7,7,7,7]}\
      """;

  private static final RedisProcess REDIS = RedisProcess.embedded();
  private static final LettuceConnectionFactory CONNECTIONS = RedisConnections.to(REDIS.port());
  private static final StringRedisTemplate RAW = new StringRedisTemplate(CONNECTIONS);
  private static Service one = Service.ofTinyLlama(REDIS.port());
  private static Service other = Service.ofTinyLlama(REDIS.port());

  @BeforeEach
  void ready() {
    one.awaitReady();
    other.awaitReady();
  }

  @AfterAll
  static void stop() {
    one.close();
    other.close();
    CONNECTIONS.destroy();
    REDIS.close();
  }

  private static HttpResponse<String> register(String tenant, String id, String body) {
    return one.send(
        HttpRequest.newBuilder(one.uri("/v1/engines/" + id))
            .header("Content-Type", "application/json")
            .header(CallContext.TENANT_HEADER, tenant)
            .PUT(BodyPublishers.ofString(body)));
  }

  private static String registration(EnginePublisher publisher) {
    return """
    {"kind": "vllm", "cluster": "c1", "endpoint": "%s", "replay_endpoint": "%s",
     "namespace": {"revision": "r1"}, "layers": 2}\
    """
        .formatted(publisher.endpoint(), publisher.replayEndpoint());
  }

  private static ConditionFactory await() {
    return Awaitility.await().atMost(Duration.ofSeconds(30));
  }

  private static void awaitMatch(Service service, String tenant, int blocks, String node) {
    await()
        .untilAsserted(() -> {
          JsonNode answer = ok(service.postAs(tenant, Service.MATCH, PROMPT));
          assertThat(answer.path("best").path("matched_blocks").asInt(0)).isEqualTo(blocks);
          assertThat(answer.path("best").path("node").asString(node)).isEqualTo(node);
        });
  }

  @Test
  void whatAnEngineHoldsIsMatchedByItsTenantUntilItIsNoLongerFollowed() {
    try (EnginePublisher publisher = new EnginePublisher()) {
      ok(register("a", "e-1", registration(publisher)));
      STORY.subList(0, 2).forEach(publisher::say);
      awaitMatch(one, "a", 3, "e-1");
      awaitMatch(other, "a", 3, "e-1");
      JsonNode best = ok(one.postAs("a", Service.MATCH, PROMPT)).path("best");
      assertThat(best.path("cluster").asString()).isEqualTo("c1");
      assertThat(best.path("tier").asString()).isEqualTo("gpu");
      awaitMatch(one, "b", 0, "");
      assertThat(ok(one.getAs("b", "/v1/engines")).path("engines")).isEmpty();
      problem(404, "not_found", one.getAs("b", "/v1/engines/e-1"));
      assertThat(remove("b", "e-1").statusCode()).isEqualTo(204);

      await()
          .untilAsserted(() -> {
            JsonNode engine = ok(other.getAs("a", "/v1/engines")).path("engines").path(0);
            assertThat(engine.path("id").asString()).isEqualTo("e-1");
            assertThat(engine.path("state").path("phase").asString()).isEqualTo("live");
            assertThat(engine.path("state").path("blocks").asInt()).isEqualTo(3);
          });

      assertThat(remove("a", "e-1").statusCode()).isEqualTo(204);
      assertThat(remove("a", "e-1").statusCode()).isEqualTo(204);
      problem(404, "not_found", one.getAs("a", "/v1/engines/e-1"));
      awaitMatch(other, "a", 0, "");
    }
  }

  private static HttpResponse<String> remove(String tenant, String id) {
    return one.send(
        HttpRequest.newBuilder(one.uri("/v1/engines/" + id))
            .header(CallContext.TENANT_HEADER, tenant)
            .DELETE());
  }

  @Test
  void whatIsLostIsRepeatedAndAnEngineThatBeganAnewHoldsNothingOfBefore() {
    EnginePublisher first = new EnginePublisher();
    String registration = registration(first);
    ok(register("t", "e-2", registration));
    first.awaitSubscriber();
    first.say(STORY.get(0));
    awaitMatch(one, "t", 2, "e-2");
    double gaps = counted("gaps_total");
    first.lose(STORY.get(1));
    first.say(STORY.get(2));
    awaitMatch(one, "t", 3, "e-2");
    await().untilAsserted(() -> assertThat(counted("gaps_total")).isEqualTo(gaps + 1));

    double restarts = counted("restarts_total");
    String endpoint = first.endpoint();
    String replayEndpoint = first.replayEndpoint();
    first.close();
    try (EnginePublisher second = new EnginePublisher(endpoint, replayEndpoint, true)) {
      second.lose(STORY.get(2));
      awaitMatch(one, "t", 0, "");
      awaitMatch(other, "t", 0, "");
      await().untilAsserted(() -> assertThat(counted("restarts_total")).isEqualTo(restarts + 1));
      second.say(STORY.get(0));
      awaitMatch(other, "t", 2, "e-2");
    }
    remove("t", "e-2");
  }

  /** The sum over both replicas of what they count of engines. */
  private static double counted(String metric) {
    return Stream.of(one, other)
        .flatMap(service -> service.get("/actuator/prometheus").body().lines())
        .filter(line -> line.startsWith("membrane_directory_engine_" + metric))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  @Test
  void whoeverLivesFollowsAllEnginesAndRegistrationsSurviveARestart() {
    List<EnginePublisher> publishers = Stream.generate(EnginePublisher::new).limit(4).toList();
    for (int i = 0; i < publishers.size(); i++) {
      ok(register("many", "m-" + i, registration(publishers.get(i))));
      publishers.get(i).say(STORY.get(0));
    }
    awaitRuns(one, 2, 2, 2, 2);
    awaitRuns(other, 2, 2, 2, 2);

    one.close();
    publishers.forEach(publisher -> publisher.say(STORY.get(1)));
    awaitRuns(other, 3, 3, 3, 3);

    other.close();
    publishers.getFirst().say(STORY.get(2));
    one = Service.ofTinyLlama(REDIS.port());
    other = Service.ofTinyLlama(REDIS.port());
    ready();
    assertThat(ok(other.getAs("many", "/v1/engines")).path("engines")).hasSize(4);
    awaitRuns(one, 3, 3, 3, 3);
    publishers.getLast().close();
    try (EnginePublisher _ =
        new EnginePublisher(
            publishers.getLast().endpoint(), publishers.getLast().replayEndpoint(), true)) {
      awaitRuns(other, 3, 3, 3);
    }
    publishers.forEach(EnginePublisher::close);
    for (int i = 0; i < publishers.size(); i++) {
      remove("many", "m-" + i);
    }
    awaitRuns(one);
  }

  private static void awaitRuns(Service service, Integer... blocks) {
    await()
        .untilAsserted(() -> {
          JsonNode matches = ok(service.postAs("many", Service.MATCH, PROMPT)).path("matches");
          assertThat(matches.valueStream().map(m -> m.path("matched_blocks").asInt()).toList())
              .containsExactly(blocks);
        });
  }

  @Test
  void anEngineBelongsToTheDomainThatItsTenantIsInNow() {
    String group =
        WireJson.mapper()
            .writeValueAsString(
                new Policy(null, null, null, Sharing.GROUP, "two", Policy.DEFAULT_CLASS));
    RAW.opsForValue().set(Policies.key("g-1"), group);
    RAW.opsForValue().set(Policies.key("g-2"), group);
    try (EnginePublisher publisher = new EnginePublisher()) {
      ok(register("g-1", "e-3", registration(publisher)));
      publisher.say(STORY.get(0));
      awaitMatch(one, "g-2", 2, "e-3");
      assertThat(
              problem(422, "impossible_request", register("g-2", "e-3", registration(publisher))))
          .contains("another id");
      assertThat(ok(one.getAs("g-2", "/v1/engines")).path("engines")).isEmpty();

      assertThat(RAW.delete(Policies.key("g-1"))).isTrue();
      awaitMatch(one, "g-2", 0, "");
      awaitMatch(one, "g-1", 2, "e-3");
      remove("g-1", "e-3");
    }
  }

  @Test
  void whatIsLostWithTheLogIsAskedForAgain() {
    try (EnginePublisher publisher = new EnginePublisher()) {
      ok(register("l", "e-6", registration(publisher)));
      publisher.say(STORY.get(0));
      awaitMatch(one, "l", 2, "e-6");
      awaitMatch(other, "l", 2, "e-6");
      RAW.delete(List.of(LogEntry.STREAM, LogEntry.STREAM + ":life"));
      await()
          .untilAsserted(() -> assertThat(RAW.opsForStream().size(LogEntry.STREAM)).isPositive());
      awaitMatch(one, "l", 2, "e-6");
      awaitMatch(other, "l", 2, "e-6");
      remove("l", "e-6");
    }
  }

  @Test
  void whatCannotBeFollowedIsRefused() {
    String body =
        """
        {"cluster": "c1", "endpoint": "%s", "namespace": {"revision": "r1"}}\
        """;
    assertThat(
            problem(400, "malformed_request", register("t", "e", body.formatted("ipc:///tmp/x"))))
        .contains("tcp://host:port");
    problem(400, "malformed_request", register("t", "e", body.formatted("tcp://*:5557")));
    problem(400, "malformed_request", register("t", "-", body.formatted("tcp://h:5557")));
    problem(400, "malformed_request", register("t", "e", body.formatted("tcp://h:65536")));
    problem(400, "malformed_request", register("t", "e", body.formatted("tcp://h:0")));
    String replay = body.replace("{\"c", "{\"replay_endpoint\": \"h:1\", \"c");
    assertThat(problem(400, "malformed_request", register("t", "e", replay.formatted("tcp://h:1"))))
        .contains("replay_endpoint");
    String layers = body.replace("{\"c", "{\"layers\": 0, \"c");
    assertThat(problem(400, "malformed_request", register("t", "e", layers.formatted("tcp://h:1"))))
        .contains("layers is 1 to");
    problem(400, "malformed_request", register("t", "e", "{}"));
    problem(404, "not_found", one.getAs("t", "/v1/engines/e"));
  }

  @Test
  void onlyOneEngineConnectsToAnEndpoint() {
    String body =
        """
        {"cluster": "c1", "endpoint": "tcp://127.0.0.1:%d", "bind": true,
         "namespace": {"revision": "r1"}}\
        """
            .formatted(LoopbackPorts.free());
    ok(register("p", "e-4", body));
    ok(register("p", "e-4", body));
    assertThat(problem(422, "impossible_request", register("q", "e-5", body))).contains("port");
    remove("p", "e-4");
    ok(register("q", "e-5", body));
    remove("q", "e-5");
  }
}
