package io.membrane.directory;

import static io.membrane.fixture.ServiceUnderTest.json;
import static io.membrane.fixture.ServiceUnderTest.ok;
import static io.membrane.fixture.ServiceUnderTest.problem;
import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.membrane.fixture.Seeds;
import io.membrane.placement.Placement;
import io.membrane.placement.PlacementNode;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Two replicas of the directory over one Redis: what one is told the other answers. */
class NodeEndpointTest {

  private static final String HASH = "ab".repeat(32);
  private static final String LONG = "600000";
  private static final String STORED =
      """
      {"type": "stored", "block_hash": "%s", "slice": "attn.0-1.0of1", "tier": "memory", "bytes": 64,
       "token_span": [0, 4], "namespace": {"model": "tiny-llama", "revision": "r", "kv_dtype": "f32",
       "block_tokens": 4}}\
      """
          .formatted(HASH);

  @RegisterExtension private static final Replicas REPLICAS = new Replicas(2);

  private static final Service ONE = REPLICAS.first();
  private static final Service OTHER = REPLICAS.last();

  @BeforeEach
  void forgetAll() {
    redis("FLUSHALL");
  }

  @Test
  void aNodeThatRegistersIsAnsweredByEveryReplicaAsItWasRecorded() {
    JsonNode recorded = ok(renew("n-1", registration("fragment", "c1", "64", LONG)));
    assertThat(recorded.path("id").asString()).isEqualTo("n-1");
    assertThat(recorded.path("lease_ms").asLong()).isEqualTo(600_000);

    JsonNode node = ok(OTHER.get("/v1/nodes")).path("nodes").path(0);
    assertThat(node.path("id").asString()).isEqualTo("n-1");
    assertThat(node.path("role").asString()).isEqualTo("fragment");
    assertThat(node.path("cluster").asString()).isEqualTo("c1");
    assertThat(node.path("url").asString()).isEqualTo("http://10.0.0.7:8082");
    assertThat(node.path("capacity_bytes").asLong()).isEqualTo(64);
    assertThat(node.path("load").asDouble()).isEqualTo(0.5);
    assertThat(node.path("lease_ms").asLong()).isBetween(1L, 600_000L);
  }

  @Test
  void registeringAgainChangesWhatIsRecordedAndMakesNoSecondNode() {
    renew("n", registration("fragment", "c1", "64", LONG));
    renew("n", registration("compute", "c2", "8", LONG));
    assertThat(ids(OTHER.get("/v1/nodes"))).containsExactly("n");
    assertThat(ids(OTHER.get("/v1/nodes?role=compute&cluster=c2"))).containsExactly("n");
    assertThat(ids(OTHER.get("/v1/nodes?role=fragment"))).isEmpty();
  }

  @Test
  void nodesAreToldApartByRoleAndCluster() {
    renew("a", registration("fragment", "c1", "64", LONG));
    renew("b", registration("fragment", "c2", "64", LONG));
    renew("c", registration("compute", "c1", "64", LONG));
    assertThat(ids(ONE.get("/v1/nodes"))).containsExactly("a", "b", "c");
    assertThat(ids(ONE.get("/v1/nodes?role=fragment"))).containsExactly("a", "b");
    assertThat(ids(ONE.get("/v1/nodes?cluster=c1"))).containsExactly("a", "c");
    assertThat(ids(ONE.get("/v1/nodes?role=fragment&cluster=c1"))).containsExactly("a");
  }

  @Test
  void aNodeThatLeavesIsGoneAndLeavingTwiceIsFine() {
    renew("n", registration("fragment", "c1", "64", LONG));
    assertThat(OTHER.delete("/v1/nodes/n").statusCode()).isEqualTo(204);
    assertThat(ONE.delete("/v1/nodes/n").statusCode()).isEqualTo(204);
    assertThat(ids(ONE.get("/v1/nodes"))).isEmpty();
  }

  @Test
  void aNodeThatDoesNotRenewIsSuspectThenLostThenForgotten() {
    renew("stays", registration("fragment", "c1", "64", LONG));
    renew("goes", registration("fragment", "c1", "64", "1000"));
    assertThat(state(ONE, "goes")).isEqualTo("live");
    awaitState("suspect");
    assertThat(ids(ONE.get("/v1/placement/" + HASH + "?replicas=3"))).containsExactly("stays");
    awaitState("lost");
    assertThat(ids(OTHER.get("/v1/placement/" + HASH + "?replicas=3"))).containsExactly("stays");
    awaitState("");
    assertThat(ids(ONE.get("/v1/nodes"))).containsExactly("stays");
    assertThat(redis("HKEYS", "{membrane}:nodes")).doesNotContain("goes");
  }

  @Test
  void whatANodeHeldThatDiedWhileNoDirectoryRanEndsBeforeTheNodeIsForgotten() {
    ok(ONE.post(Service.EVENTS, Service.batch("m", "1", "0", STORED)));
    awaitPlaces("m");
    renew("m", registration("fragment", "c1", "64", "1000"));
    redis(
        "EVAL",
        "redis.call('ZADD', '{membrane}:nodes:ends', redis.call('TIME')[1] * 1000 - 60000, 'm')",
        "0");
    awaitStateOf("m", "");
    awaitPlaces("");
  }

  @Test
  void whatALostNodeHeldEndsEverywhereAndItHasToBeginAnew() {
    ok(ONE.post(Service.EVENTS, Service.batch("n", "1", "0", STORED)));
    renew("n", registration("fragment", "c1", "64", "1000"));
    awaitPlaces("n");
    awaitPlaces("");
    assertThat(problem(409, "sequence_gap", OTHER.post(Service.EVENTS, again("1", "1"))))
        .contains("node n was lost in epoch 1", "begin a later epoch");
    ok(OTHER.post(Service.EVENTS, again("2", "0")));
    renew("n", registration("fragment", "c1", "64", LONG));
    awaitPlaces("n");
  }

  private static String again(String epoch, String sequence) {
    return Service.batch("n", epoch, sequence, STORED);
  }

  /** Until both replicas name this node for the block, or none. */
  private static void awaitPlaces(String node) {
    String body = "{\"block_hashes\": [\"%s\"]}".formatted(HASH);
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(() -> {
          for (Service replica : List.of(ONE, OTHER)) {
            assertThat(replica.answer(Service.LOCATE, body).findValuesAsString("node"))
                .isEqualTo(node.isEmpty() ? List.of() : List.of(node));
          }
        });
  }

  @Test
  void aLostNodeThatRenewsIsLiveAgain() {
    renew("n", registration("fragment", "c1", "64", "1000"));
    awaitStateOf("n", "lost");
    double healed = healed();
    renew("n", registration("fragment", "c1", "64", LONG));
    assertThat(state(ONE, "n")).isEqualTo("live");
    assertThat(state(OTHER, "n")).isEqualTo("live");
    assertThat(ids(ONE.get("/v1/placement/" + HASH))).containsExactly("n");
    assertThat(healed()).isGreaterThan(healed);
  }

  @Test
  void homesAreThoseThatPlacementDrawsAmongTheFragmentNodesOfTheCluster() {
    List<PlacementNode> nodes = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      renew("n" + i, registration("fragment", "c1", Integer.toString(10 + i), LONG));
      nodes.add(new PlacementNode("n" + i, 10 + i));
    }
    renew("compute", registration("compute", "c1", "64", LONG));
    renew("far", registration("fragment", "c2", "64", LONG));
    renew("empty", registration("fragment", "c1", "0", LONG));
    Placement placement = new Placement(nodes);
    Random random = new Random(4);
    for (int i = 0; i < 20; i++) {
      var hash = Seeds.hash(random);
      String path = "/v1/placement/" + hash.hex() + "?cluster=c1&replicas=" + (1 + i % 6);
      assertThat(ids(OTHER.get(path))).isEqualTo(placement.homes(hash, 1 + i % 6));
    }
    JsonNode home = ok(ONE.get("/v1/placement/" + HASH)).path("homes");
    assertThat(home.size()).isOne();
    assertThat(home.path(0).path("url").asString()).isEqualTo("http://10.0.0.7:8082");
  }

  @Test
  void whereNobodyLivesThereAreNoHomes() {
    assertThat(ids(ONE.get("/v1/placement/" + HASH + "?replicas=2"))).isEmpty();
  }

  @Test
  void pastTheMostNodesANewOneIsRefusedAndAnOldOneRenews() {
    registerAsManyAsMayBe("");
    problem(429, "overloaded", renew("new", registration("fragment", "c1", "64", LONG)));
    ok(renew("n7", registration("fragment", "c1", "64", LONG)));
  }

  @Test
  void pastTheMostNodesALapsedOneMakesRoom() {
    registerAsManyAsMayBe(
        "redis.call('ZADD', '{membrane}:nodes:ends', redis.call('TIME')[1] * 1000 - 5000, 'n9')");
    ok(renew("new", registration("fragment", "c1", "64", LONG)));
    assertThat(redis("HKEYS", "{membrane}:nodes")).contains("new").doesNotContain("n9,");
    problem(429, "overloaded", renew("newer", registration("fragment", "c1", "64", LONG)));
  }

  static Stream<Arguments> malformed() {
    return Stream.of(
        Arguments.of("n", "{}"),
        Arguments.of("n", "[]"),
        Arguments.of("n", registration("", "c1", "64", LONG)),
        Arguments.of("n", registration("r r", "c1", "64", LONG)),
        Arguments.of("n", registration("fragment", "c/1", "64", LONG)),
        Arguments.of("n", registration("fragment", "c".repeat(129), "64", LONG)),
        Arguments.of("n", registration("fragment", "c1", "-1", LONG)),
        Arguments.of("n", registration("fragment", "c1", "null", LONG)),
        Arguments.of("n", registration("fragment", "c1", "64", "999")),
        Arguments.of("n", registration("fragment", "c1", "64", "600001")),
        Arguments.of("n", registration("fragment", "c1", "64", "null")),
        Arguments.of("n", withUrl("ftp://host:1")),
        Arguments.of("n", withUrl("host:1")),
        Arguments.of("n", withUrl("http://user@host:1")),
        Arguments.of("n", withUrl("http://host:1?q")),
        Arguments.of("n", withUrl("http://" + "h".repeat(600))),
        Arguments.of("n", withUrl("http://a b")),
        Arguments.of("-n", registration("fragment", "c1", "64", LONG)),
        Arguments.of("n%20n", registration("fragment", "c1", "64", LONG)),
        Arguments.of("n".repeat(129), registration("fragment", "c1", "64", LONG)));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void aMalformedRegistrationIsRefused(String id, String body) {
    problem(400, "malformed_request", renew(id, body));
    assertThat(ids(ONE.get("/v1/nodes"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/nodes?role=a%20b",
        "/v1/nodes?cluster=",
        "/v1/placement/xyz",
        "/v1/placement/" + "AB",
        "/v1/placement/00?replicas=1",
        "/v1/placement/{hash}?replicas=0",
        "/v1/placement/{hash}?replicas=65",
        "/v1/placement/{hash}?replicas=two",
        "/v1/placement/{hash}?cluster=a/b",
      })
  void aMalformedQuestionIsRefused(String path) {
    problem(400, "malformed_request", ONE.get(path.replace("{hash}", HASH)));
    problem(400, "malformed_request", ONE.get("/v1/placement/" + HASH.toUpperCase(Locale.ROOT)));
  }

  private static void registerAsManyAsMayBe(String andThen) {
    redis(
        "EVAL",
        """
        for i = 1, 4096 do
          redis.call('HSET', '{membrane}:nodes', 'n' .. i, '%s')
          redis.call('ZADD', '{membrane}:nodes:ends', 9e15, 'n' .. i)
        end
        """
                .formatted(registration("fragment", "c1", "64", LONG).replace("\n", ""))
            + andThen,
        "0");
  }

  private static void awaitState(String state) {
    awaitStateOf("goes", state);
  }

  private static void awaitStateOf(String id, String state) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(() -> {
          assertThat(state(ONE, id)).isEqualTo(state);
          assertThat(state(OTHER, id)).isEqualTo(state);
        });
  }

  /** Empty if the node is not known. */
  private static String state(Service replica, String id) {
    for (JsonNode node : ok(replica.get("/v1/nodes")).path("nodes")) {
      if (node.path("id").asString().equals(id)) {
        return node.path("state").asString();
      }
    }
    return "";
  }

  private static double healed() {
    return ONE.bean(MeterRegistry.class)
        .get("membrane.directory.nodes.healed")
        .functionCounter()
        .count();
  }

  private static HttpResponse<String> renew(String id, String body) {
    return ONE.send(
        HttpRequest.newBuilder(ONE.uri("/v1/nodes/" + id))
            .header("Content-Type", "application/json")
            .PUT(BodyPublishers.ofString(body)));
  }

  private static String registration(String role, String cluster, String capacity, String lease) {
    return """
    {"role": "%s", "cluster": "%s", "url": "http://10.0.0.7:8082", "capacity_bytes": %s,
     "load": 0.5, "lease_ms": %s}\
    """
        .formatted(role, cluster, capacity, lease);
  }

  private static String withUrl(String url) {
    return registration("fragment", "c1", "64", LONG).replace("http://10.0.0.7:8082", url);
  }

  private static List<String> ids(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    JsonNode answer = json(response);
    return (answer.has("nodes") ? answer.path("nodes") : answer.path("homes"))
        .findValuesAsString("id");
  }

  private static String redis(String... command) {
    RedisClient client = RedisClient.create("redis://127.0.0.1:" + REPLICAS.redisPort());
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      return switch (command[0]) {
        case "FLUSHALL" -> connection.sync().flushall();
        case "HKEYS" -> connection.sync().hkeys(command[1]).toString();
        default ->
            String.valueOf(connection.sync().<Object>eval(command[1], ScriptOutputType.VALUE));
      };
    } finally {
      client.shutdown();
    }
  }
}
