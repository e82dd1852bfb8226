package io.membrane.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.membrane.block.BlockHash;
import io.membrane.fixture.Seeds;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlacementTest {

  private static final int KEYS = 100_000;

  @Test
  void aNodeThatGoesMovesItsOwnKeysAlone() {
    Seeds.forAll(
        30,
        random -> {
          List<PlacementNode> nodes = nodes(random, random.nextInt(2, 20));
          PlacementNode gone = nodes.get(random.nextInt(nodes.size()));
          List<PlacementNode> rest = nodes.stream().filter(n -> !n.equals(gone)).toList();
          Placement before = new Placement(nodes);
          Placement after = new Placement(rest);
          int replicas = random.nextInt(1, 5);
          for (int i = 0; i < 500; i++) {
            BlockHash hash = Seeds.hash(random);
            List<String> left = new ArrayList<>(before.homes(hash, replicas));
            boolean wasHome = left.remove(gone.id());
            List<String> homes = after.homes(hash, replicas);
            assertThat(homes.subList(0, left.size())).isEqualTo(left);
            assertThat(homes.size())
                .isEqualTo(Math.min(rest.size(), left.size() + (wasHome ? 1 : 0)));
          }
        });
  }

  @Test
  void aNodeThatGrowsGainsAndNoOtherDoes() {
    Seeds.forAll(
        20,
        random -> {
          List<PlacementNode> nodes = nodes(random, random.nextInt(2, 12));
          PlacementNode old = nodes.getFirst();
          List<PlacementNode> grown = new ArrayList<>(nodes);
          grown.set(0, new PlacementNode(old.id(), old.weight() * 1.5));
          Placement before = new Placement(nodes);
          Placement after = new Placement(grown);
          for (int i = 0; i < 500; i++) {
            BlockHash hash = Seeds.hash(random);
            List<String> now = after.homes(hash, 1);
            assertThat(now).isIn(before.homes(hash, 1), List.of(old.id()));
          }
        });
  }

  @Test
  void homesAreDistinctAndDoNotDependOnTheOrderOfTheNodes() {
    Seeds.forAll(
        20,
        random -> {
          List<PlacementNode> nodes = nodes(random, random.nextInt(20));
          List<PlacementNode> shuffled = new ArrayList<>(nodes);
          Collections.shuffle(shuffled, new Random(random.nextLong()));
          int replicas = random.nextInt(1, 25);
          for (int i = 0; i < 100; i++) {
            BlockHash hash = Seeds.hash(random);
            List<String> homes = new Placement(nodes).homes(hash, replicas);
            assertThat(homes).hasSize(Math.min(replicas, nodes.size()));
            assertThat(new HashSet<>(homes)).hasSameSizeAs(homes);
            assertThat(new Placement(shuffled).homes(hash, replicas)).isEqualTo(homes);
          }
        });
  }

  @Test
  void hashesThatAreCountedUpSpreadAsOthersDo() {
    List<PlacementNode> nodes =
        IntStream.range(0, 4).mapToObj(i -> new PlacementNode("n" + i, 1)).toList();
    Placement placement = new Placement(nodes);
    Map<String, Integer> counts = new HashMap<>();
    for (int i = 0; i < KEYS; i++) {
      counts.merge(placement.homes(new BlockHash(0, 0, 0, i), 1).getFirst(), 1, Integer::sum);
    }
    assertThat(counts).hasSize(4);
    assertThat(counts.values()).allMatch(count -> Math.abs(count - KEYS / 4) < KEYS / 40);
  }

  /** Chi-square over the nodes: no more than six standard deviations above its mean. */
  @Test
  void firstHomesFollowTheWeights() {
    Seeds.forAll(
        10,
        random -> {
          List<PlacementNode> nodes = nodes(random, random.nextInt(2, 30));
          double total = nodes.stream().mapToDouble(PlacementNode::weight).sum();
          Placement placement = new Placement(nodes);
          Map<String, Integer> counts = new HashMap<>();
          for (int i = 0; i < KEYS; i++) {
            counts.merge(placement.homes(Seeds.hash(random), 1).getFirst(), 1, Integer::sum);
          }
          double chiSquare = 0;
          for (PlacementNode node : nodes) {
            double expected = KEYS * node.weight() / total;
            double off = counts.getOrDefault(node.id(), 0) - expected;
            chiSquare += off * off / expected;
          }
          int freedom = nodes.size() - 1;
          assertThat(chiSquare).isLessThan(freedom + 6 * Math.sqrt(2.0 * freedom));
        });
  }

  @Test
  void equalNodesHoldEqualSharesOfAllReplicas() {
    RandomGenerator random = new Random(9);
    List<PlacementNode> nodes = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      nodes.add(new PlacementNode("fragment-" + i, 1));
    }
    Placement placement = new Placement(nodes);
    Map<String, Integer> counts = new HashMap<>();
    for (int i = 0; i < KEYS; i++) {
      placement.homes(Seeds.hash(random), 3).forEach(id -> counts.merge(id, 1, Integer::sum));
    }
    assertThat(counts).hasSize(16);
    double share = 3.0 * KEYS / 16;
    assertThat(counts.values()).allMatch(n -> Math.abs(n - share) < 0.04 * share);
  }

  /** Another build or machine that places otherwise would lose what is stored. */
  @Test
  void placementIsTheSameForEver() {
    Placement placement =
        new Placement(
            List.of(
                new PlacementNode("a", 1), new PlacementNode("b", 2), new PlacementNode("c", 4)));
    List<String> first = new ArrayList<>();
    List<String> last = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      first.add(String.join("", placement.homes(new BlockHash(i, 0, 0, 0), 3)));
      last.add(String.join("", placement.homes(new BlockHash(0, 0, 0, i), 3)));
    }
    // As a few lines of Python reckoned.
    assertThat(first)
        .containsExactly(
            "cba", "cab", "cab", "cab", "cba", "acb", "bca", "cba", "bca", "cab", "bca", "cba");
    assertThat(last)
        .containsExactly(
            "cba", "bca", "cab", "cab", "cba", "bca", "cba", "acb", "acb", "cab", "cba", "cba");
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new Placement(List.of(new PlacementNode("a", 1), new PlacementNode("a", 2))));
    assertThatIllegalArgumentException().isThrownBy(() -> new PlacementNode(" ", 1));
    for (double weight : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException().isThrownBy(() -> new PlacementNode("a", weight));
    }
    Placement nobody = new Placement(List.of());
    BlockHash hash = new BlockHash(1, 2, 3, 4);
    assertThat(nobody.homes(hash, 2)).isEmpty();
    assertThatIllegalArgumentException().isThrownBy(() -> nobody.homes(hash, 0));
  }

  private static List<PlacementNode> nodes(RandomGenerator random, int count) {
    List<PlacementNode> nodes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      nodes.add(new PlacementNode("node-" + i, 1 + random.nextInt(16)));
    }
    return nodes;
  }
}
