package io.membrane.directory;

import static io.membrane.directory.RegionDirectories.KEY;
import static io.membrane.directory.RegionDirectories.await;
import static io.membrane.directory.RegionDirectories.followed;
import static io.membrane.directory.RegionDirectories.match;
import static io.membrane.directory.Service.EVENTS;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.directory.gossip.GossipDiscovery;
import io.membrane.directory.location.Entries;
import io.membrane.directory.region.RegionFollower;
import io.membrane.directory.region.Regions;
import io.membrane.fixture.LoopbackPorts;
import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.MatchResponse.Match;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Directories of three regions that are told of one seed alone. */
class GossipTest {

  private final Deque<AutoCloseable> running = new ArrayDeque<>();

  @AfterEach
  void stop() throws Exception {
    while (!running.isEmpty()) {
      running.pop().close();
    }
  }

  @Test
  void directoriesFindEachOtherAndFollowOneThatComesBackElsewhere() {
    Service a = directory("a", redis(), KEY, null);
    Service b = directory("b", redis(), KEY, a);
    RedisProcess redisOfC = redis();
    Service c = directory("c", redisOfC, KEY, a);
    store(a, "of-a");
    store(b, "of-b");
    store(c, "of-c");
    await(() -> {
      assertThat(followed(a)).containsExactly("b", "c");
      assertThat(followed(b)).containsExactly("a", "c");
      assertThat(followed(c)).containsExactly("a", "b");
    });
    for (Service each : List.of(a, b, c)) {
      await(() ->
          assertThat(match(each).matches())
              .extracting(Match::node)
              .containsExactlyInAnyOrder("of-a", "of-b", "of-c"));
    }
    assertThat(b.get("/actuator/prometheus").body())
        .contains("membrane_directory_peers{discovery=\"gossip\"} 2.0")
        .contains("membrane_directory_gossip_members 2.0")
        .contains("membrane_directory_gossip_ignored_total{reason=\"key\"} 0.0");

    c.close();

    await(() ->
        assertThat(match(b).matches())
            .filteredOn(m -> "of-c".equals(m.node()))
            .singleElement()
            .extracting(Match::stale)
            .isEqualTo(true));
    Service again = directory("c", redisOfC, KEY, a);
    await(() -> {
      assertThat(follower(b, "c").url()).isEqualTo(again.url());
      assertThat(match(b).matches()).hasSize(3).allMatch(m -> m.stale() == null);
    });
  }

  @Test
  void aStrangerIsNotFollowed() {
    Service a = directory("a", redis(), KEY, null);
    Service x = directory("x", redis(), "what a stranger knows", a);
    Service b = directory("b", redis(), KEY, a);
    store(x, "of-x");
    store(b, "of-b");
    await(() -> assertThat(match(a).matches()).extracting(Match::node).containsExactly("of-b"));
    await(() -> assertThat(a.bean(GossipDiscovery.class).refused()).isPositive());
    assertThat(followed(a)).containsExactly("b");
    assertThat(followed(x)).isEmpty();
  }

  private RedisProcess redis() {
    RedisProcess redis = RedisProcess.embedded();
    running.push(redis);
    return redis;
  }

  private Service directory(String region, RedisProcess redis, String key, @Nullable Service seed) {
    int port = LoopbackPorts.free();
    String seeds =
        seed == null
            ? ""
            : Objects.requireNonNull(seed.bean(GossipDiscovery.class).address(), "it runs");
    Service directory =
        RegionDirectories.startWith(
            key,
            redis,
            region,
            "server.port=" + port,
            "membrane.directory.gossip.port=0",
            "membrane.directory.gossip.host=127.0.0.1",
            "membrane.directory.gossip.seeds=" + seeds,
            "membrane.directory.gossip.url=http://127.0.0.1:" + port,
            "membrane.directory.gossip.every=1s");
    running.push(directory);
    directory.awaitReady();
    return directory;
  }

  private static RegionFollower follower(Service service, String region) {
    return service.bean(Regions.class).followers().stream()
        .filter(follower -> follower.region().equals(region))
        .findFirst()
        .orElseThrow();
  }

  private static void store(Service service, String node) {
    EventBatch batch =
        new EventBatch(
            node,
            "c1",
            1L,
            0L,
            List.of(Entries.stored(Entries.chain(12), 0, Entries.ATTENTION, "memory")));
    Service.ok(service.post(EVENTS, WireJson.mapper().writeValueAsString(batch)));
  }
}
