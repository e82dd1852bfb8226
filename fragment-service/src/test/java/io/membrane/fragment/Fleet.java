package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.LoopbackPorts;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.placement.Placement;
import io.membrane.placement.PlacementNode;
import io.membrane.rpc.Frame;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** Several fragment-services over one Redis and one directory, and what was stored there. */
final class Fleet implements AutoCloseable {

  final RedisProcess redis = RedisProcess.embedded();
  final SmallDirectory directory = new SmallDirectory();
  final List<FleetNode> nodes = new ArrayList<>();
  final Map<FragmentKey, byte[]> stored = new LinkedHashMap<>();
  private final int replicas;
  private final Random random;

  Fleet(int size, int replicas, long seed) {
    this.replicas = replicas;
    this.random = new Random(seed);
    for (int i = 0; i < size; i++) {
      add();
    }
    awaitKnown(nodes);
  }

  FleetNode add() {
    FleetNode node =
        new FleetNode(
            "n" + nodes.size(), LoopbackPorts.free(), replicas, redis.url(), directory.port());
    nodes.add(node);
    return node;
  }

  /** Stores fragments, at one node after the other. */
  void put(int fragments) throws IOException {
    put(nodes, fragments);
  }

  void put(List<FleetNode> nodes, int fragments) throws IOException {
    for (int i = 0; i < fragments; i++) {
      FragmentKey key = FragmentHttp.key(random);
      byte[] body = Seeds.bytes(random, 3000 + random.nextInt(4000));
      assertThat(nodes.get(i % nodes.size()).http.put(key, body).statusCode()).isEqualTo(201);
      stored.put(key, body);
    }
  }

  /** Waits until these know of each other and of nobody else. */
  static void awaitKnown(List<FleetNode> nodes) {
    soon()
        .untilAsserted(() ->
            assertThat(nodes).allSatisfy(node -> assertThat(node.known()).isEqualTo(nodes.size())));
  }

  /** In how many of these nodes' memories a fragment is. */
  static long copies(List<FleetNode> nodes, FragmentKey key) {
    return nodes.stream().filter(node -> node.held().contains(key)).count();
  }

  /** Waits until everything is in the memories that it belongs to among these nodes. */
  void awaitHome(List<FleetNode> nodes) {
    soon()
        .untilAsserted(() ->
            assertThat(nodes)
                .allSatisfy(node -> assertThat(node.held()).containsAll(belongings(node, nodes))));
  }

  /** What belongs to a node among these. */
  Set<FragmentKey> belongings(FleetNode home, List<FleetNode> nodes) {
    Placement placement =
        new Placement(nodes.stream().map(node -> new PlacementNode(node.id, 1)).toList());
    return stored.keySet().stream()
        .filter(key -> placement.homes(key.hash(), replicas).contains(home.id))
        .collect(Collectors.toSet());
  }

  /** Reads everything at each of these nodes, by itself or in one batch. */
  void readsEverything(List<FleetNode> nodes, boolean inOneBatch) throws IOException {
    for (FleetNode node : nodes) {
      if (inOneBatch) {
        List<FragmentKey> keys = List.copyOf(stored.keySet());
        List<Frame> frames = node.http.batchGet(keys);
        assertThat(frames).hasSameSizeAs(keys);
        for (int i = 0; i < keys.size(); i++) {
          assertThat(frames.get(i).status()).isEqualTo(200);
          assertThat(frames.get(i).header().key()).isEqualTo(keys.get(i));
          assertThat(frames.get(i).body()).isEqualTo(stored.get(keys.get(i)));
        }
      } else {
        for (FragmentKey key : stored.keySet()) {
          reads(node, key);
        }
      }
    }
  }

  void reads(FleetNode node, FragmentKey key) throws IOException {
    var answer = node.http.get(key);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo(stored.get(key));
  }

  /** A fragment whose home is this node. */
  FragmentKey keyAt(FleetNode home) {
    return belongings(home, nodes).iterator().next();
  }

  static ConditionFactory soon() {
    return Awaitility.await().atMost(Duration.ofSeconds(60));
  }

  @Override
  public void close() {
    nodes.forEach(FleetNode::close);
    directory.close();
    redis.close();
  }
}
