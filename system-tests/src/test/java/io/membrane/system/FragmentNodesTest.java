package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.cli.fleet.Member;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.wire.MembershipClient.Homes;
import io.membrane.wire.MembershipClient.Node;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Two regions: one of three fragment nodes that keep two copies of everything in their memories,
 * with their directory; and one of a single node that pulls from two of these.
 */
class FragmentNodesTest {

  private static final int COPIES = 2;
  private static final int FRAGMENTS = 60;
  private static final int BYTES = 64 << 10;

  private static final RedisProcess redis = RedisProcess.durable();
  private static final RedisProcess farRedis = RedisProcess.embedded();
  private static final ServiceProcess directory =
      new ServiceProcess(Member.DIRECTORY, "nodes-directory", redis.url());
  private static final List<FragmentNode> nodes = List.of(node("a"), node("b"), node("c"));
  private static final FragmentNode far =
      new FragmentNode(
          "far",
          farRedis,
          "--membrane.fragment.peers=%s,%s"
              .formatted(nodes.getFirst().service().url(), nodes.getLast().service().url()));

  private static final Random RANDOM = new Random(7);

  private static FragmentNode node(String name) {
    return new FragmentNode(
        name,
        redis,
        "--membrane.client.peers.directory-service=" + directory.url(),
        "--membrane.fragment.replicas=" + COPIES);
  }

  @BeforeAll
  static void start() {
    directory.start();
    nodes.forEach(node -> node.service().start());
    far.service().start();
    far.service().awaitReady();
  }

  @AfterAll
  static void end() {
    nodes.forEach(FragmentNode::close);
    far.close();
    directory.close();
    redis.close();
    farRedis.close();
  }

  @BeforeEach
  void allAreThere() {
    nodes.stream()
        .map(FragmentNode::service)
        .filter(service -> !service.isAlive())
        .forEach(ServiceProcess::start);
    nodes.forEach(node -> node.service().awaitReady());
    awaitKnown(nodes);
  }

  @Test
  void homesServeWhatIsReadAndAKilledNodesCopiesAreMadeAnew() {
    double held = held(nodes);
    Map<FragmentKey, byte[]> bodies = put();
    awaitCopies(nodes, held, bodies);
    homesServeWithoutRedis(bodies);
    double hits = hits(nodes);
    nodes.forEach(node -> node.reads(bodies));
    assertThat(hits(nodes)).isGreaterThan(hits);

    FragmentNode killed = nodes.get(1);
    List<FragmentNode> rest = List.of(nodes.getFirst(), nodes.getLast());
    AtomicBoolean isOver = new AtomicBoolean();
    List<CompletableFuture<Void>> callers =
        rest.stream()
            .map(node ->
                CompletableFuture.runAsync(() -> {
                  while (!isOver.get()) {
                    node.reads(bodies);
                  }
                }))
            .toList();
    try {
      killed.service().kill();
      awaitKnown(rest);
    } finally {
      isOver.set(true);
    }
    callers.forEach(CompletableFuture::join);

    awaitCopies(rest, 0, bodies);
    homesServeWithoutRedis(bodies);
  }

  @Test
  void whatATransferFromADeadNodeLeavesMissingComesFromAnother() {
    Map<FragmentKey, byte[]> bodies = put();
    FragmentNode source = nodes.getLast();
    String first = transfer(source, 512 << 10);
    soon().until(() -> number(first, "done") > 0);
    source.service().kill();
    Http.Answer cancelled = far.http().send(far.http().request(first).DELETE());
    assertThat(cancelled.status()).isEqualTo(204);
    soon().until(() -> !state(first).equals("running"));

    String second = transfer(nodes.getFirst(), 100 << 20);
    soon().until(() -> !state(second).equals("running"));
    assertThat(state(second)).isEqualTo("done");
    assertThat(number(second, "failed") + number(second, "gone")).isZero();
    assertThat(number(first, "done")).isLessThan(FRAGMENTS);
    assertThat(number(first, "done") + number(second, "done")).isGreaterThanOrEqualTo(FRAGMENTS);
    far.reads(bodies);
  }

  private Map<FragmentKey, byte[]> put() {
    Map<FragmentKey, byte[]> bodies = new LinkedHashMap<>();
    for (int i = 0; i < FRAGMENTS; i++) {
      FragmentKey key = new FragmentKey(Seeds.hash(RANDOM), Slice.attention(4));
      byte[] body = Seeds.bytes(RANDOM, BYTES);
      nodes.get(i % nodes.size()).put(key, body);
      bodies.put(key, body);
    }
    return bodies;
  }

  /** What the directory calls homes has everything in memory. */
  private static void homesServeWithoutRedis(Map<FragmentKey, byte[]> bodies) {
    Map<FragmentKey, List<String>> homes = new LinkedHashMap<>();
    bodies.keySet().forEach(key -> homes.put(key, homes(key)));
    redis.kill();
    try {
      bodies.forEach((key, body) -> {
        assertThat(homes.get(key)).hasSize(COPIES);
        nodes.stream()
            .filter(node -> homes.get(key).contains(node.name()))
            .forEach(node -> node.reads(key, body));
      });
    } finally {
      redis.restart();
    }
    nodes.stream()
        .map(FragmentNode::service)
        .filter(ServiceProcess::isAlive)
        .forEach(ServiceProcess::awaitReady);
  }

  private static List<String> homes(FragmentKey key) {
    return new Http(directory.url())
        .get("/v1/placement/" + key.hash() + "?replicas=" + COPIES).as(Homes.class).homes().stream()
            .map(Node::id)
            .toList();
  }

  private static void awaitKnown(List<FragmentNode> known) {
    soon()
        .untilAsserted(() ->
            assertThat(known)
                .allSatisfy(node ->
                    assertThat(node.metric("membrane_fragment_nodes ")).isEqualTo(known.size())));
  }

  /** Waits until all that was stored is in so many memories, beside what was there before. */
  private static void awaitCopies(
      List<FragmentNode> among, double before, Map<FragmentKey, byte[]> bodies) {
    double wanted = before + (double) COPIES * bodies.size() * BYTES;
    soon().untilAsserted(() -> assertThat(held(among)).isGreaterThanOrEqualTo(wanted));
  }

  private static double held(List<FragmentNode> among) {
    return among.stream()
        .mapToDouble(node -> node.metric("membrane_fragment_tier_bytes{tier=\"memory\"}"))
        .sum();
  }

  private static double hits(List<FragmentNode> among) {
    return among.stream()
        .mapToDouble(node -> node.metric("membrane_fragment_peer_reads_total{outcome=\"hit\"}"))
        .sum();
  }

  /** Where the far region tells how it pulls what it lacks from a node. */
  private static String transfer(FragmentNode from, long bytesPerSecond) {
    Http.Answer begun =
        far.http()
            .post(
                "/v1/transfers",
                Map.of("from", from.service().url(), "max_bytes_per_second", bytesPerSecond));
    assertThat(begun.status()).as(begun.text()).isEqualTo(202);
    return begun.header("Location");
  }

  private static String state(String transfer) {
    return transferred(transfer).path("state").asString();
  }

  private static long number(String transfer, String what) {
    return transferred(transfer).path(what).asLong();
  }

  private static JsonNode transferred(String transfer) {
    return far.http().get(transfer).json();
  }

  private static ConditionFactory soon() {
    return Awaitility.await().atMost(Duration.ofSeconds(60));
  }
}
