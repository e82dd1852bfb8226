package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.cli.fleet.Member;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.wire.DirectoryClient.LocateRequest;
import io.membrane.wire.DirectoryClient.LocateResponse;
import io.membrane.wire.DirectoryClient.Place;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.MatchResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Two fleets, each with a Redis, a store and a directory, and a link between the directories. What
 * a test has stored and deleted is the oracle.
 */
class RegionsTest {

  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Slice SLICE = Slice.parse("attn.0-31.0of1");
  private static final String KEY = "--membrane.directory.peer-key=what all directories know";

  private final RedisProcess redisOfEast = RedisProcess.embedded();
  private final RedisProcess redisOfWest = RedisProcess.embedded();
  private final FragmentNode eastStore = store("east", redisOfEast);
  private final FragmentNode westStore = store("west", redisOfWest);
  private final ServiceProcess west = directory("west", redisOfWest);
  private final FaultProxy link = new FaultProxy(west.port());
  private final ServiceProcess east =
      directory("east", redisOfEast, "--membrane.directory.peers.west=" + link.url());
  private final Random random = new Random(17);
  private final List<BlockHash> blocks =
      Stream.generate(() -> Seeds.hash(random)).limit(30).toList();

  /** Blocks that each region holds. */
  private final Map<String, Set<BlockHash>> held =
      new HashMap<>(Map.of("east", new HashSet<>(), "west", new HashSet<>()));

  @BeforeEach
  void start() {
    List<ServiceProcess> all = List.of(west, east, westStore.service(), eastStore.service());
    all.forEach(ServiceProcess::start);
    all.forEach(ServiceProcess::awaitReady);
  }

  @AfterEach
  void stop() {
    List.of(east, west).forEach(ServiceProcess::close);
    List.of(eastStore, westStore).forEach(FragmentNode::close);
    link.close();
    redisOfEast.close();
    redisOfWest.close();
  }

  @Test
  void aRegionKnowsWhatAnotherHoldsThroughCutsAndCrashesAndLosses() {
    put(westStore, blocks.getFirst());
    awaitHeld();
    MatchResponse match = match(east, blocks.getFirst());
    assertThat(match.matches()).hasSize(1);
    assertThat(match.clusters().getFirst().cluster()).isEqualTo("cluster-of-west");
    assertThat(match.clusters().getFirst().region()).isEqualTo("west");
    changeBoth(20);
    awaitHeld();

    link.inject(new Fault.Silence());
    await(() ->
        assertThat(match(east, blocks.getFirst()).matches())
            .filteredOn(m -> "west".equals(m.region()))
            .allMatch(m -> Boolean.TRUE.equals(m.stale())));
    changeBoth(20);
    link.heal();
    awaitHeld();

    link.inject(new Fault.Refuse());
    changeBoth(10);
    east.kill();
    changeBoth(10);
    link.heal();
    east.start();
    east.awaitReady();
    awaitHeld();

    redisOfWest.restart();
    Objects.requireNonNull(held.get("west")).clear();
    awaitHeld();
    await(() -> put(westStore, blocks.getFirst()));
    awaitHeld();
  }

  private void changeBoth(int times) {
    for (int i = 0; i < times; i++) {
      FragmentNode store = random.nextInt(3) == 0 ? eastStore : westStore;
      BlockHash block = blocks.get(random.nextInt(blocks.size()));
      if (Objects.requireNonNull(held.get(store.name())).contains(block)) {
        delete(store, block);
      } else {
        put(store, block);
      }
    }
  }

  private void put(FragmentNode store, BlockHash block) {
    store.put(new FragmentKey(block, SLICE), Seeds.bytes(new Random(block.w0()), 100));
    Objects.requireNonNull(held.get(store.name())).add(block);
  }

  private void delete(FragmentNode store, BlockHash block) {
    Http http = store.http();
    assertThat(
            http.send(http.request("/v1/fragments/" + new FragmentKey(block, SLICE)).DELETE())
                .status())
        .isEqualTo(204);
    Objects.requireNonNull(held.get(store.name())).remove(block);
  }

  /** Until the eastern directory names for each region what that holds, and nothing is stale. */
  private void awaitHeld() {
    await(() -> {
      Map<String, Set<BlockHash>> named =
          new HashMap<>(Map.of("east", new HashSet<>(), "west", new HashSet<>()));
      Http.Answer answer =
          new Http(east.url()).post("/v1/directory/locate", new LocateRequest(blocks));
      answer
          .as(LocateResponse.class)
          .blocks()
          .forEach(block -> {
            assertThat(block.places()).noneMatch(place -> place.stale() != null);
            block.places().stream()
                .map(RegionsTest::region)
                .forEach(region ->
                    named.computeIfAbsent(region, r -> new HashSet<>()).add(block.blockHash()));
          });
      assertThat(named).isEqualTo(held);
    });
  }

  private static String region(Place place) {
    return Objects.requireNonNullElse(place.region(), "east");
  }

  private static MatchResponse match(ServiceProcess directory, BlockHash block) {
    return new Http(directory.url())
        .post("/v1/directory/match", new MatchRequest(null, null, List.of(block), null, null))
        .as(MatchResponse.class);
  }

  private static void await(ThrowingRunnable assertion) {
    Awaitility.await().atMost(LIMIT).ignoreExceptions().untilAsserted(assertion);
  }

  private static FragmentNode store(String region, RedisProcess redis) {
    return new FragmentNode(region, redis, "--membrane.fragment.cluster=cluster-of-" + region);
  }

  private static ServiceProcess directory(String region, RedisProcess redis, String... more) {
    return new ServiceProcess(
        Member.DIRECTORY,
        "directory-of-" + region,
        redis.url(),
        Stream.concat(
                Stream.of(
                    "--membrane.directory.region=" + region,
                    "--membrane.directory.max-blocks=100000",
                    "--membrane.directory.stale-after=3s",
                    KEY),
                Stream.of(more))
            .toArray(String[]::new));
  }
}
