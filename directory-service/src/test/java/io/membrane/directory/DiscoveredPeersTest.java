package io.membrane.directory;

import static io.membrane.directory.RegionDirectories.LIMIT;
import static io.membrane.directory.RegionDirectories.await;
import static io.membrane.directory.RegionDirectories.followed;
import static io.membrane.directory.RegionDirectories.follower;
import static io.membrane.directory.RegionDirectories.match;
import static io.membrane.directory.Service.EVENTS;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.directory.location.Entries;
import io.membrane.directory.region.PeerDiscovery;
import io.membrane.directory.region.PeerWatch;
import io.membrane.directory.region.Regions;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.MatchResponse.Match;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A directory that is told by a script which other regions there are. */
@ExtendWith(OutputCaptureExtension.class)
class DiscoveredPeersTest extends TwoRegionsTest {

  private static final URI NOBODY = URI.create("http://127.0.0.1:9");

  /** Says what it is told to say. */
  private static final class Script implements PeerDiscovery {
    private volatile Map<String, List<URI>> peers = Map.of();
    private volatile @Nullable Exception fault;

    @Override
    public String name() {
      return "script";
    }

    @Override
    public void start() {}

    @Override
    public Map<String, List<URI>> peers() throws IOException {
      Exception now = fault;
      if (now instanceof IOException e) {
        throw e;
      }
      if (now instanceof RuntimeException e) {
        throw e;
      }
      return peers;
    }

    @Override
    public void stop() {}
  }

  private final Script script = new Script();
  private PeerWatch watch = watch(a);
  private int blocks;

  @BeforeEach
  void watch() {
    watch.start();
  }

  @AfterEach
  void stopWatching() {
    watch.stop();
  }

  @Test
  void aRegionThatIsDiscoveredIsFollowedAndCounted() {
    storeOneMore();
    name("b", link.url());
    awaitKnown();
    assertThat(watch.found()).isEqualTo(1);
    assertThat(a.get("/actuator/prometheus").body())
        .contains("membrane_directory_region_stale{region=\"b\"} 0.0");
  }

  @Test
  void aRegionThatMovedIsFollowedWhereItIsNowAndNotToldAnew() {
    name("b", link.url());
    storeOneMore();
    awaitKnown();
    try (FaultProxy other = new FaultProxy(b.url().getPort())) {
      name("b", other.url());
      await(() -> assertThat(follower(a).url()).isEqualTo(other.url()));
      link.inject(new Fault.Refuse());
      storeOneMore();
      awaitKnown();
      assertThat(follower(a).resets()).isEqualTo(1);
    }
  }

  @Test
  void ofSeveralAddressesOneThatAnswersIsUsed() {
    name("b", NOBODY, link.url(), URI.create("http://127.0.0.1:10"));
    storeOneMore();
    awaitKnown();
    assertThat(follower(a).url()).isEqualTo(link.url());
  }

  @Test
  void aRegionThatIsNotNamedIsFollowedOnWhileItIsHeard() {
    restartWithForgetAfter("2s");
    name("b", link.url());
    storeOneMore();
    awaitKnown();
    script.peers = Map.of();
    await(() -> assertThat(watch.found()).isZero());
    Awaitility.await()
        .during(Duration.ofSeconds(4))
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(followed(a)).containsExactly("b"));
    storeOneMore();
    awaitKnown();
  }

  @Test
  void aRegionThatIsNeitherNamedNorHeardIsForgottenAndComesBack() {
    restartWithForgetAfter("3s");
    name("b", link.url());
    storeOneMore();
    awaitKnown();

    link.inject(new Fault.Refuse());
    await(() -> assertThat(match(a).matches().getFirst().stale()).as("named, not heard").isTrue());
    script.peers = Map.of();
    await(() -> assertThat(match(a).matches()).isEmpty());
    await(() -> assertThat(followed(a)).isEmpty());
    assertThat(a.get("/actuator/prometheus").body()).doesNotContain("region=\"b\"");

    link.heal();
    name("b", link.url());
    storeOneMore();
    awaitKnown();
  }

  @Test
  void whileADiscoveryCannotSayItsRegionsStay() {
    name("b", link.url());
    storeOneMore();
    awaitKnown();
    script.fault = new IOException("it does not answer");
    await(() -> assertThat(watch.failures()).isPositive());
    long before = watch.failures();
    script.fault = new IllegalStateException("it is broken");
    await(() -> assertThat(watch.failures()).isGreaterThan(before + 1));
    storeOneMore();
    awaitKnown();
    script.fault = null;
    name("c", NOBODY);
    await(() -> assertThat(followed(a)).containsExactly("b", "c"));
  }

  @Test
  void aConfiguredRegionIsFollowedWhereTheConfigurationSays() {
    restart("membrane.directory.peers.b=" + link.url());
    name("b", NOBODY);
    await(() -> assertThat(watch.found()).isEqualTo(1));
    storeOneMore();
    awaitKnown();
    assertThat(follower(a).url()).isEqualTo(link.url());
  }

  @Test
  void theOwnNameNamesThatAreNoneAndTheSixtyFourthAreRefused(CapturedOutput output) {
    Map<String, List<URI>> many = new HashMap<>();
    for (int i = 0; i < 70; i++) {
      many.put("r" + i, List.of(NOBODY));
    }
    many.put("a", List.of(NOBODY));
    many.put("no name", List.of(NOBODY));
    many.put("nowhere", List.of());
    script.peers = many;
    await(() -> assertThat(followed(a)).hasSize(63));
    assertThat(followed(a)).doesNotContain("a", "no name", "nowhere");
    await(() ->
        assertThat(output)
            .contains("region 'a', named by script, is not followed: that is this region's own")
            .contains("region 'no name', named by script, is not followed")
            .contains("63 others are followed already"));
  }

  @Test
  void whoIsNotTheRegionThatItIsCalledIsNotBelieved() {
    storeOneMore();
    name("x", link.url());
    await(() -> {
      assertThat(followed(a)).containsExactly("x");
      assertThat(follower(a).problem()).contains("it says that it is b", "not x");
    });
    assertThat(match(a).matches()).isEmpty();
  }

  private void restartWithForgetAfter(String time) {
    restart("membrane.directory.forget-after=" + time);
  }

  private void restart(String property) {
    watch.stop();
    restartA(property);
    watch = watch(a);
    watch.start();
  }

  private PeerWatch watch(Service service) {
    return new PeerWatch(script, Duration.ofMillis(100), service.bean(Regions.class));
  }

  private void name(String region, URI... urls) {
    script.peers = Map.of(region, List.of(urls));
  }

  /** A block more of one chain, in region b. */
  private void storeOneMore() {
    EventBatch batch =
        new EventBatch(
            "n",
            "c1",
            1L,
            (long) blocks,
            List.of(Entries.stored(Entries.chain(12), blocks, Entries.ATTENTION, "memory")));
    Service.ok(b.post(EVENTS, WireJson.mapper().writeValueAsString(batch)));
    blocks++;
  }

  private void awaitKnown() {
    await(() ->
        assertThat(match(a).matches())
            .containsExactly(new Match("c1", "n", "memory", blocks, blocks * 16, "b", null)));
  }
}
