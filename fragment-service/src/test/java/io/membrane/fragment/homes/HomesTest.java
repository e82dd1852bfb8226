package io.membrane.fragment.homes;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.fixture.Seeds;
import io.membrane.placement.Placement;
import io.membrane.placement.PlacementNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HomesTest {

  @Test
  void everythingBelongsToANodeThatIsAlone() {
    Random random = new Random(1);
    BlockHash hash = Seeds.hash(random);
    for (Homes homes : List.of(Homes.alone("a"), new Homes("a", 3, nodes(random, Set.of())))) {
      assertThat(homes.isAlone()).isTrue();
      assertThat(homes.areHere(hash)).isTrue();
      assertThat(homes.elsewhere(hash)).isEmpty();
    }
  }

  @Test
  void aNodeWithoutAShareIsNoHome() {
    Random random = new Random(2);
    Homes homes = new Homes("a", 1, nodes(random, Set.of("b", "c")));
    for (int i = 0; i < 50; i++) {
      BlockHash hash = Seeds.hash(random);
      assertThat(homes.areHere(hash)).isFalse();
      assertThat(homes.elsewhere(hash)).hasSize(1);
    }
  }

  @Test
  void homesAreThoseThatPlacementDraws() {
    Random random = new Random(3);
    List<PlacementNode> nodes = nodes(random, Set.of("a", "b", "c", "d"));
    Homes homes = new Homes("a", 2, nodes);
    Placement placement = new Placement(nodes);
    for (int i = 0; i < 200; i++) {
      BlockHash hash = Seeds.hash(random);
      List<String> drawn = placement.homes(hash, 2);
      List<String> others = new ArrayList<>(drawn);
      others.remove("a");
      assertThat(homes.of(hash)).isEqualTo(drawn);
      assertThat(homes.areHere(hash)).isEqualTo(drawn.contains("a"));
      assertThat(homes.elsewhere(hash)).isEqualTo(others);
    }
  }

  /** The oracle: all nodes hold what belongs to them, all act on the change, and it is counted. */
  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18})
  void whileOneHomeIsLeftEachNewHomeIsToldOnceAndNobodyElse(long seed) {
    Random random = new Random(seed);
    Set<String> before = some(random);
    Set<String> now = some(random);
    int replicas = 1 + random.nextInt(4);
    List<PlacementNode> nodesBefore = nodes(random, before);
    List<PlacementNode> nodesNow = nodes(random, now);
    for (int i = 0; i < 200; i++) {
      BlockHash hash = Seeds.hash(random);
      List<String> then = new Placement(nodesBefore).homes(hash, replicas);
      List<String> since = new Placement(nodesNow).homes(hash, replicas);
      List<String> told = new ArrayList<>();
      for (String self : now) {
        Homes was = new Homes(self, replicas, nodesBefore);
        Homes is = new Homes(self, replicas, nodesNow);
        List<String> tells = is.newSince(was, hash).toList();
        assertThat(tells)
            .as("only who held it tells")
            .satisfiesAnyOf(t -> assertThat(t).isEmpty(), t -> assertThat(then).contains(self));
        told.addAll(tells);
      }
      Set<String> survive = new HashSet<>(then);
      survive.retainAll(now);
      List<String> expected = new ArrayList<>(since);
      expected.removeAll(then);
      assertThat(told)
          .containsExactlyInAnyOrderElementsOf(survive.isEmpty() ? List.of() : expected);
    }
  }

  @Test
  void theSameNodesInAnotherOrderAreEqualAndOtherSharesAreNot() {
    List<PlacementNode> nodes = nodes(new Random(5), Set.of("a", "b", "c"));
    Homes homes = new Homes("a", 2, nodes);
    assertThat(homes).isEqualTo(new Homes("a", 2, nodes.reversed()));
    assertThat(homes).hasSameHashCodeAs(new Homes("a", 2, nodes.reversed()));
    assertThat(homes).isNotEqualTo(new Homes("a", 1, nodes));
    assertThat(homes).isNotEqualTo(new Homes("a", 2, nodes.subList(0, 2)));
    assertThat(homes).isNotEqualTo(new Homes("a", 2, nodes(new Random(6), Set.of("a", "b", "c"))));
  }

  private static Set<String> some(Random random) {
    Set<String> some = new TreeSet<>();
    for (int i = 0; i < 6; i++) {
      if (random.nextBoolean()) {
        some.add("n" + i);
      }
    }
    some.add("n" + random.nextInt(6));
    return some;
  }

  private static List<PlacementNode> nodes(Random random, Set<String> ids) {
    return new TreeSet<>(ids)
        .stream().map(id -> new PlacementNode(id, 1 + random.nextInt(9))).toList();
  }
}
