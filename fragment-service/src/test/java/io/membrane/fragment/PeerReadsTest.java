package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.homes.Demand;
import io.membrane.fragment.store.FragmentMetric;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Three nodes over one Redis, each fragment with one home. */
class PeerReadsTest {

  private static final Fleet FLEET = new Fleet(3, 1, 31);

  /** Others for each test, so that none is in demand yet. */
  @BeforeEach
  void store() throws IOException {
    FLEET.stored.clear();
    FLEET.put(30);
    FLEET.awaitHome(FLEET.nodes);
  }

  @AfterAll
  static void stop() {
    FLEET.close();
  }

  @Test
  void theMemoriesTogetherHoldEachFragmentOnceAndEveryNodeAnswersAllOfThem() throws IOException {
    assertThat(FLEET.nodes).allSatisfy(node -> assertThat(node.held()).isNotEmpty());

    FLEET.readsEverything(FLEET.nodes, true);
    FLEET.readsEverything(FLEET.nodes, false);

    assertThat(FLEET.stored.keySet())
        .allSatisfy(key -> assertThat(Fleet.copies(FLEET.nodes, key)).isOne());
    assertThat(FLEET.nodes)
        .allSatisfy(node -> {
          assertThat(node.peerReads("hit")).isPositive();
          assertThat(node.count(FragmentMetric.GETS, "peer")).isEqualTo(node.peerReads("hit"));
        });
  }

  @Test
  void whatIsAskedForOftenIsKeptWhereItIsAskedAndForgottenThereWhenItGoes() throws IOException {
    FragmentKey key = FragmentHttp.key(new Random(32));
    byte[] body = Seeds.bytes(new Random(33), 5000);
    assertThat(FLEET.nodes.getFirst().http.put(key, body).statusCode()).isEqualTo(201);
    Fleet.soon().until(() -> Fleet.copies(FLEET.nodes, key) == 1);
    for (FleetNode node : FLEET.nodes) {
      Fleet.soon()
          .until(() -> {
            for (int i = 0; i < Demand.OFTEN; i++) {
              assertThat(node.http.get(key).body()).isEqualTo(body);
            }
            return node.held().contains(key);
          });
    }
    assertThat(Fleet.copies(FLEET.nodes, key)).isEqualTo(3);

    FLEET.nodes.getLast().http.delete(key);
    Fleet.soon().until(() -> Fleet.copies(FLEET.nodes, key) == 0);
    for (FleetNode node : FLEET.nodes) {
      assertThat(node.http.get(key).statusCode()).isEqualTo(404);
    }
  }

  @Test
  void noNodeAnswersATenantWithWhatAnotherHasStored() throws IOException {
    FragmentKey key = FragmentHttp.key(new Random(34));
    byte[] mine = Seeds.bytes(new Random(35), 5000);
    byte[] theirs = Seeds.bytes(new Random(36), 5000);
    FLEET.nodes.get(0).http.put(key, mine, "Membrane-Tenant", "a");
    FLEET.nodes.get(1).http.put(key, theirs, "Membrane-Tenant", "b");
    for (FleetNode node : FLEET.nodes) {
      assertThat(node.http.get(key, "Membrane-Tenant", "a").body()).isEqualTo(mine);
      assertThat(node.http.get(key, "Membrane-Tenant", "b").body()).isEqualTo(theirs);
      assertThat(node.http.get(key, "Membrane-Tenant", "c").statusCode()).isEqualTo(404);
    }
  }

  static Stream<Fault> faults() {
    return Stream.of(
        new Fault.Refuse(),
        new Fault.Silence(),
        new Fault.Delay(Duration.ofSeconds(1)),
        new Fault.CutAfter(1500),
        new Fault.Stall(1500),
        new Fault.FlipBit(2000));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aHomeThatFailsMakesAReadSlowerAndNothingElse(Fault fault) throws IOException {
    FleetNode home = FLEET.nodes.get(0);
    FleetNode reader = FLEET.nodes.get(1);
    FragmentKey key = FLEET.keyAt(home);
    double bad = bad(reader);

    home.fromPeers.heal();
    home.fromPeers.inject(fault);
    try {
      FLEET.reads(reader, key);
      assertThat(bad(reader)).isGreaterThan(bad);
      FLEET.readsEverything(List.of(reader), true);
      FLEET.readsEverything(List.of(reader), true);
      FLEET.readsEverything(List.of(reader), true);
    } finally {
      home.fromPeers.heal();
    }
    awaitHit(reader, home);
  }

  /** A home that failed is asked again after a moment; others each time, lest one be in demand. */
  private static void awaitHit(FleetNode reader, FleetNode home) {
    Random random = new Random(38);
    Fleet.soon()
        .until(() -> {
          FragmentKey key = FragmentHttp.key(random);
          home.http.put(key, Seeds.bytes(random, 1000));
          double hits = reader.peerReads("hit");
          assertThat(reader.http.get(key).statusCode()).isEqualTo(200);
          return home.held().contains(key) && reader.peerReads("hit") > hits;
        });
  }

  private static double bad(FleetNode reader) {
    return reader.peerReads("failed") + reader.peerReads("wrong");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"names\":[null]}",
        "{\"names\":[\"\"]}",
        "{\"names\":[\"public\"]}",
        "{\"names\":[\"public/word/key\"]}",
        "{\"names\":[\"/00/attn.0-0.0of1\"]}",
        "[]"
      })
  void aHintThatNamesNoFragmentIsRefused(String body) throws IOException {
    FragmentHttp http = FLEET.nodes.getFirst().http;
    assertThat(http.postJson("/v1/peers/hints", body).statusCode()).isEqualTo(400);
  }

  @Test
  void moreHintsThanACallMayHaveAreRefusedAndHintsForNothingAreHarmless() throws IOException {
    FragmentHttp http = FLEET.nodes.getFirst().http;
    Random random = new Random(37);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 65; i++) {
      names.add("\"public/" + FragmentHttp.key(random) + "\"");
    }
    String tooMany = "{\"names\":[" + String.join(",", names) + "]}";
    assertThat(http.postJson("/v1/peers/hints", tooMany).statusCode()).isEqualTo(400);
    String most = "{\"names\":[" + String.join(",", names.subList(0, 64)) + "]}";
    assertThat(http.postJson("/v1/peers/hints", most).statusCode()).isEqualTo(204);
  }

  @Test
  void aNodeThatIsAskedByAnotherAsksNobody() throws IOException {
    FleetNode home = FLEET.nodes.get(0);
    FleetNode asked = FLEET.nodes.get(2);
    double hits = asked.peerReads("hit");
    String keys = FragmentHttp.keys(List.of(FLEET.keyAt(home)));
    var answer =
        asked.http.send(
            asked
                .http
                .request("/v1/fragments/batch-get")
                .POST(BodyPublishers.ofString(keys))
                .header("Content-Type", "application/json")
                .header("Membrane-Peer", "1"));
    assertThat(FragmentHttp.frames(answer).getFirst().status()).isEqualTo(200);
    assertThat(asked.peerReads("hit")).isEqualTo(hits);
  }
}
