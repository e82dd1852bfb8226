package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.block.BlockHash;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.Seeds;
import io.membrane.placement.Placement;
import io.membrane.placement.PlacementNode;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.NodeState;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests for one fragment go to the nodes that it belongs to. */
@Timeout(120)
class FragmentHomesTest {

  private static final String SLICE = "/attn.0-3.0of1";

  private final ManyInstances fleet = new ManyInstances();
  private final Random random = new Random(7);

  @BeforeEach
  void theNodesAreKnown() {
    awaitNodes();
  }

  @AfterEach
  void end() {
    fleet.close();
  }

  @Test
  void everyRequestForAFragmentGoesToItsFirstHome() {
    Seeds.forAll(
        40,
        each -> {
          BlockHash block = Seeds.hash(each);
          String home = homes(block, fleet.known()).getFirst();
          String path = path(block);

          assertThat(fleet.gateway().get(path).body()).isEqualTo(home + " " + path);
          assertThat(send("PUT", path, "kv").body()).isEqualTo(home + " " + path);
          assertThat(send("DELETE", path, null).body()).isEqualTo(home + " " + path);
        });
  }

  @Test
  void othersGoToAnyNode() {
    Stream<String> answers =
        Stream.generate(() -> fleet.gateway().post("/v1/fragments/exists", "{}").body()).limit(9);

    assertThat(answers.map(answer -> answer.substring(0, 2)).distinct())
        .containsExactlyInAnyOrder("n0", "n1", "n2");
  }

  @Test
  void aNodeThatIsNoLongerLiveIsHomeOfNothing() {
    Node[] known = fleet.known();
    known[2] = ManyInstances.node(2, fleet.node(2).url(), NodeState.SUSPECT);
    BlockHash block = belongingTo("n2");
    String next = homes(block, known[0], known[1]).getFirst();

    fleet.directory().knows(known);

    await().untilAsserted(() -> assertThat(answering(block)).isEqualTo(next));
  }

  @Test
  void whileTheDirectoryIsAwayTheLastNodesHold() {
    BlockHash block = belongingTo("n1");
    fleet.directory().fails(new Fault.Refuse());
    fleet.directory().knows();

    for (int i = 0; i < 20; i++) {
      assertThat(answering(block)).isEqualTo("n1");
    }
  }

  @Test
  void aHomeWhosePortIsClosedIsPassedOverAlsoForABodyAndNothingIsLost() {
    Node[] known = fleet.known();
    known[0] = ManyInstances.node(0, ManyInstances.NOBODY, NodeState.LIVE);
    BlockHash block = belongingTo("n0");
    String second = homes(block, fleet.known()).get(1);

    fleet.directory().knows(known);

    await().untilAsserted(() -> assertThat(answering(block)).isEqualTo(second));
    for (int i = 0; i < 20; i++) {
      assertThat(answering(block)).isEqualTo(second);
      assertThat(send("PUT", path(block), "kv").body()).startsWith(second);
    }
  }

  @Test
  void aHomeThatIsNotReadyIsPassedOver() {
    BlockHash block = belongingTo("n0");
    String second = homes(block, fleet.known()).get(1);

    fleet.node("n0").isReady(false);

    await().untilAsserted(() -> assertThat(answering(block)).isEqualTo(second));
    fleet.node("n0").isReady(true);
    await().untilAsserted(() -> assertThat(answering(block)).isEqualTo("n0"));
  }

  @Test
  void aReadOfASilentHomeIsAskedOfTheNextAndTheSilentOneIsLeft() {
    BlockHash block = belongingTo("n0");
    String second = homes(block, fleet.known()).get(1);
    int idle = fleet.node("n0").connections();
    fleet.node("n0").fails(new Fault.Silence());

    HttpResponse<String> answer =
        fleet
            .gateway()
            .send(
                HttpRequest.newBuilder(fleet.gateway().uri(path(block)))
                    .header("Membrane-Deadline-Ms", "60000")
                    .GET());

    assertThat(answer.body()).isEqualTo(second + " " + path(block));
    assertThat(hedges("won")).isOne();
    fleet.node("n0").recovers();
    await()
        .untilAsserted(
            () -> assertThat(fleet.node("n0").connections()).isLessThanOrEqualTo(idle + 1));
  }

  @Test
  void aWriteIsNotHedged() {
    BlockHash block = belongingTo("n0");
    fleet.node("n0").fails(new Fault.Silence());

    HttpResponse<String> answer =
        fleet
            .gateway()
            .send(
                HttpRequest.newBuilder(fleet.gateway().uri(path(block)))
                    .header("Membrane-Deadline-Ms", "1500")
                    .PUT(BodyPublishers.ofString("kv")));

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(fleet.node(1).seen()).isEmpty();
    assertThat(fleet.node(2).seen()).isEmpty();
    assertThat(hedges("won") + hedges("lost") + hedges("denied")).isZero();
  }

  private void awaitNodes() {
    BlockHash block = belongingTo("n2");
    await().untilAsserted(() -> assertThat(answering(block)).isEqualTo("n2"));
    for (int i = 0; i < 3; i++) {
      fleet.node(i).reset();
    }
  }

  private double hedges(String outcome) {
    return fleet
        .gateway()
        .bean(MeterRegistry.class)
        .get("membrane.gateway.hedges")
        .tag("outcome", outcome)
        .counter()
        .count();
  }

  private String answering(BlockHash block) {
    String body = fleet.gateway().get(path(block)).body();
    return body.substring(0, Math.min(2, body.length()));
  }

  private HttpResponse<String> send(String method, String path, @Nullable String body) {
    return fleet
        .gateway()
        .send(
            HttpRequest.newBuilder(fleet.gateway().uri(path))
                .method(
                    method,
                    body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body)));
  }

  private BlockHash belongingTo(String id) {
    return Stream.generate(() -> Seeds.hash(random))
        .filter(block -> homes(block, fleet.known()).getFirst().equals(id))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> homes(BlockHash block, Node... nodes) {
    List<PlacementNode> all =
        Stream.of(nodes).map(node -> new PlacementNode(node.id(), node.capacityBytes())).toList();
    return new Placement(all).homes(block, all.size());
  }

  private static String path(BlockHash block) {
    return "/v1/fragments/" + block.hex() + SLICE;
  }
}
