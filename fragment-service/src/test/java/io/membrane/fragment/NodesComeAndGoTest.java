package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What happens to what the nodes hold when one of them, or the directory, comes or goes. */
class NodesComeAndGoTest {

  @Test
  void whenANodeDiesAllReadsAreRightAtOnceAndItsFragmentsAreInTwoMemoriesAgain()
      throws IOException {
    try (Fleet fleet = new Fleet(3, 2, 41)) {
      fleet.put(150);
      fleet.awaitHome(fleet.nodes);
      FleetNode dead = fleet.nodes.getLast();
      List<FleetNode> rest = fleet.nodes.subList(0, 2);
      Set<FragmentKey> lost = dead.held();

      dead.die();
      fleet.readsEverything(rest, false);
      fleet.readsEverything(rest, true);
      Fleet.awaitKnown(rest);
      fleet.awaitHome(rest);

      assertThat(lost).isNotEmpty();
      assertThat(rest).allSatisfy(node -> assertThat(node.moved()).isPositive());
      fleet.readsEverything(rest, true);
    }
  }

  @Test
  void aNodeThatJoinsIsGivenWhatBelongsToItAndWhatItTakesAlongIsTakenOver() throws IOException {
    try (Fleet fleet = new Fleet(2, 1, 42)) {
      fleet.put(60);
      fleet.awaitHome(fleet.nodes);
      FleetNode joined = fleet.add();
      Fleet.awaitKnown(fleet.nodes);
      fleet.awaitHome(fleet.nodes);
      Set<FragmentKey> taken = joined.held();
      assertThat(taken).isNotEmpty();
      assertThat(fleet.nodes.stream().mapToDouble(FleetNode::moved).sum()).isPositive();

      joined.die();
      List<FleetNode> rest = fleet.nodes.subList(0, 2);
      fleet.readsEverything(rest, false);
      Fleet.awaitKnown(rest);
      fleet.readsEverything(rest, true);
      assertThat(taken).allSatisfy(key -> assertThat(Fleet.copies(rest, key)).isPositive());

      fleet.directory.close();
      fleet.readsEverything(rest, true);
      fleet.put(rest, 10);
      fleet.readsEverything(rest, true);
    }
  }

  @Test
  void aNodeThatStopsLeavesAtOnce() {
    try (Fleet fleet = new Fleet(2, 1, 43)) {
      fleet.nodes.removeLast().close();
      assertThat(fleet.directory.live()).hasSize(1);
      Fleet.awaitKnown(fleet.nodes);
    }
  }
}
