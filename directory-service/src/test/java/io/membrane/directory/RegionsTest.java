package io.membrane.directory;

import static io.membrane.directory.RegionDirectories.CHAIN;
import static io.membrane.directory.RegionDirectories.await;
import static io.membrane.directory.RegionDirectories.follower;
import static io.membrane.directory.RegionDirectories.match;
import static io.membrane.directory.Service.EVENTS;
import static io.membrane.directory.Service.LOCATE;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.directory.location.Entries;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.DirectoryClient.EventsAccepted;
import io.membrane.wire.DirectoryClient.LocateRequest;
import io.membrane.wire.DirectoryClient.LocateResponse;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.MatchResponse.Match;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Directories of regions that follow each other through links that fail. */
class RegionsTest extends TwoRegionsTest {

  private final NodeNumbers numbers = new NodeNumbers();

  @Override
  String[] ofA() {
    return new String[] {peer("b", link.url())};
  }

  @Test
  void aMatchNamesWhatAnotherRegionHolds() {
    store(b, "n", stored(0), stored(1), stored(2));
    store(a, "n", stored(0));

    awaitEqual(a, b);

    MatchResponse answer = match(a);
    assertThat(answer.best()).isEqualTo(new Match("c1", "n", "memory", 3, 48, "b", null));
    assertThat(answer.matches())
        .containsExactly(answer.best(), new Match("c1", "n", "memory", 1, 16));
    assertThat(a.get("/actuator/prometheus").body())
        .contains("membrane_directory_region_lines_total{outcome=\"taken\",region=\"b\"}")
        .contains("membrane_directory_region_stale{region=\"b\"} 0.0");
  }

  @Test
  void whatALostNodeOfAnotherRegionHeldEndsHereToo() {
    store(b, "n", stored(0), stored(1));
    store(b, "m", stored(0));
    awaitEqual(a, b);
    assertThat(match(a).matches()).hasSize(2);
    Service.ok(
        b.send(
            HttpRequest.newBuilder(b.uri("/v1/nodes/n"))
                .header("Content-Type", "application/json")
                .PUT(
                    BodyPublishers.ofString(
                        """
                        {"role": "fragment", "cluster": "c1", "url": "http://10.0.0.7:8082",
                         "capacity_bytes": 64, "lease_ms": 1000}
                        """))));
    await(() ->
        assertThat(match(a).matches())
            .containsExactly(new Match("c1", "m", "memory", 1, 16, "b", null)));
    awaitEqual(a, b);
  }

  @Test
  void whatARegionHoldsIsNotToldOn() {
    store(a, "of-a", stored(0));
    store(b, "of-b", stored(0), stored(1));
    awaitEqual(a, b);
    try (RedisProcess redis = RedisProcess.embedded();
        Service c = RegionDirectories.start(redis, "c", peer("a", a.url()))) {
      c.awaitReady();
      awaitEqual(c, a);
      assertThat(view(c, "b")).isEqualTo(view(c, "nowhere"));
      assertThat(match(c).matches()).hasSize(1);
    }
  }

  @Test
  void aLinkThatFailsAnyhowIsMadeGoodAfterwards() {
    Random random = new Random(3);
    for (int round = 0; round < 12; round++) {
      change(b, random, 1 + random.nextInt(8));
      change(a, random, 1 + random.nextInt(3));
      switch (random.nextInt(5)) {
        case 0 -> link.inject(new Fault.Refuse());
        case 1 -> link.inject(new Fault.CutRequestAfter(random.nextInt(200)));
        case 2 -> link.inject(new Fault.Stall(random.nextInt(4000)));
        default -> link.inject(new Fault.CutAfter(random.nextInt(6000)));
      }
      change(b, random, 1 + random.nextInt(8));
      change(a, random, 1 + random.nextInt(3));
      if (random.nextBoolean()) {
        link.heal();
      } else {
        link.inject(new Fault.CutAfter(200 + random.nextInt(6000)));
        change(b, random, 3);
        link.heal();
      }
      awaitEqual(a, b);
    }
  }

  @Test
  void aFeedCutInAnyOfItsLinesIsTakenInWhole() {
    for (int cut = 1; cut < 4000; cut += 97) {
      link.inject(new Fault.Refuse());
      link.inject(new Fault.CutAfter(cut));
      store(b, "n" + cut % 3, stored(cut % CHAIN.size()), removed((cut + 5) % CHAIN.size()));
    }
    link.heal();
    awaitEqual(a, b);
  }

  @Test
  void aRegionThatIsSilentIsStaleUntilItIsHeardAgain() {
    store(b, "n", stored(0), stored(1));
    awaitEqual(a, b);

    link.inject(new Fault.Silence());

    await(() -> assertThat(match(a).matches().getFirst().stale()).isTrue());
    assertThat(follower(a).isStale()).isTrue();
    assertThat(follower(a).lagMs()).isGreaterThan(2000);
    assertThat(match(a).matches().getFirst().matchedBlocks()).as("still named").isEqualTo(2);
    store(b, "n", removed(1));
    store(a, "n", stored(0));
    link.heal();
    awaitEqual(a, b);
    await(() -> assertThat(match(a).matches()).allMatch(m -> m.stale() == null));
  }

  @Test
  void aFollowerThatIsStartedAgainKnowsTheSame() {
    change(b, new Random(5), 20);
    awaitEqual(a, b);
    a.close();
    change(b, new Random(6), 20);
    restartA(ofA());
    awaitEqual(a, b);
    assertThat(follower(a).resets()).isEqualTo(1);
  }

  @Test
  void aRegionWhoseLogWasLostIsToldAnew() {
    store(b, "n", stored(0), stored(1));
    store(a, "n", stored(0));
    awaitEqual(a, b);
    long before = follower(a).resets();

    redisOfB.restart();

    await(() -> assertThat(follower(a).resets()).isGreaterThan(before));
    await(() -> assertThat(match(b).matches()).isEmpty());
    awaitEqual(a, b);
    assertThat(match(a).matches()).hasSize(1).allMatch(m -> m.region() == null);
    numbers.forget();
    store(b, "n", stored(0));
    awaitEqual(a, b);
    assertThat(match(a).matches()).hasSize(2);
  }

  @Test
  void whatThisRegionLosesLeavesOthersKnown() {
    store(b, "n", stored(0), stored(1));
    store(a, "n", stored(0));
    awaitEqual(a, b);
    long resets = follower(a).resets();

    redisOfA.restart();

    await(() -> assertThat(match(a).matches()).hasSize(1).allMatch(m -> "b".equals(m.region())));
    awaitEqual(a, b);
    assertThat(follower(a).resets()).isEqualTo(resets);
  }

  @Test
  void aPeerThatIsThisRegionOrAnotherThanItIsCalledIsRefused() {
    try (RedisProcess redis = RedisProcess.embedded();
        Service self = RegionDirectories.start(redis, "b", peer("x", b.url()));
        Service mistaken = RegionDirectories.start(redis, "c", peer("x", b.url()))) {
      store(b, "n", stored(0));
      await(() ->
          assertThat(follower(self).problem()).contains("it says that it is b", "this region"));
      await(
          () -> assertThat(follower(mistaken).problem()).contains("it says that it is b", "not x"));
      assertThat(follower(self).taken()).isZero();
      assertThat(follower(mistaken).taken()).isZero();
      assertThat(match(self).matches()).isEmpty();
    }
  }

  private static String peer(String region, URI url) {
    return "membrane.directory.peers." + region + "=" + url;
  }

  /** What one directory says of another's region is what that says of itself. */
  private static void awaitEqual(Service of, Service about) {
    String region =
        Objects.requireNonNull(about.bean(RegionProperties.class).region(), "it has a name");
    await(() -> assertThat(view(of, region)).isEqualTo(view(about, null)));
  }

  /** All that a directory says of the places of a region. */
  private static List<String> view(Service service, @Nullable String region) {
    List<String> said = new ArrayList<>();
    MatchResponse match = match(service);
    match.matches().stream()
        .filter(m -> Objects.equals(region, m.region()))
        .forEach(
            m -> said.add(m.cluster() + "/" + m.node() + "/" + m.tier() + " " + m.matchedBlocks()));
    match.nodes().stream()
        .filter(m -> Objects.equals(region, m.region()))
        .forEach(m -> said.add(m.cluster() + "/" + m.node() + " " + m.matchedBlocks()));
    String body = WireJson.mapper().writeValueAsString(new LocateRequest(CHAIN));
    WireJson.mapper()
        .readValue(Service.ok(service.post(LOCATE, body)).toString(), LocateResponse.class)
        .blocks()
        .forEach(block ->
            block.places().stream()
                .filter(p -> Objects.equals(region, p.region()))
                .forEach(p ->
                    said.add(
                        block.blockHash()
                            + " "
                            + p.cluster()
                            + "/"
                            + p.node()
                            + "/"
                            + p.tier()
                            + p.slices())));
    return said;
  }

  private void change(Service service, RandomGenerator random, int times) {
    for (int i = 0; i < times; i++) {
      String node = "n" + random.nextInt(3);
      if (random.nextInt(10) == 0) {
        numbers.restart(service, node);
      }
      List<Event> events = new ArrayList<>();
      for (int n = 1 + random.nextInt(5); n > 0; n--) {
        int block = random.nextInt(CHAIN.size());
        int kind = random.nextInt(20);
        if (kind < 13) {
          events.add(Entries.stored(CHAIN, block, Entries.ATTENTION, kind < 4 ? "gpu" : "memory"));
        } else {
          events.add(kind < 19 ? removed(block) : Entries.cleared());
        }
      }
      store(service, node, events.toArray(Event[]::new));
    }
  }

  private static Event stored(int block) {
    return Entries.stored(CHAIN, block, Entries.ATTENTION, "memory");
  }

  private static Event removed(int block) {
    return Entries.removed(CHAIN.get(block), null, null);
  }

  private void store(Service service, String node, Event... events) {
    EventBatch batch = numbers.batch(service, node, List.of(events));
    String body = WireJson.mapper().writeValueAsString(batch);
    var accepted =
        WireJson.mapper()
            .readValue(Service.ok(service.post(EVENTS, body)).toString(), EventsAccepted.class);
    assertThat(accepted.nextSequence()).isEqualTo(batch.sequence() + events.length);
    Prompts.awaits(service, Objects.requireNonNull(accepted.logPosition()));
  }
}
