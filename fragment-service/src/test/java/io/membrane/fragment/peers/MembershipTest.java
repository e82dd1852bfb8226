package io.membrane.fragment.peers;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.TestClock;
import io.membrane.fragment.store.FragmentMetric;
import io.membrane.fragment.store.MemoryTier;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.PeerTls;
import io.membrane.wire.MembershipClient;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class MembershipTest {

  private static final long LEASE_MS = 3000;

  private final TestClock clock = new TestClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final MemoryTier memory =
      new MemoryTier(0, 1 << 20, Duration.ofSeconds(1), true, Clock.systemUTC());
  private final Peers peers =
      new Peers(
          "self", 1, memory, PeerTls.ofJdk(), System::nanoTime, meters, ObservationRegistry.NOOP);
  private final Directory directory = new Directory();
  private final Membership membership =
      new Membership(directory, "self", registration("http://self:1"), peers, clock);

  /** A directory that can be away. */
  private static final class Directory implements MembershipClient {

    private final List<Node> live = new ArrayList<>();
    private boolean isAway;

    @Override
    public Node renew(String id, Registration said) {
      answer();
      live.removeIf(node -> node.id().equals(id));
      Node node =
          new Node(
              id,
              said.role(),
              said.cluster(),
              said.url(),
              said.capacityBytes(),
              null,
              LEASE_MS,
              null);
      live.add(node);
      return node;
    }

    @Override
    public Nodes nodes(@Nullable String role, @Nullable String cluster) {
      answer();
      return new Nodes(List.copyOf(live));
    }

    @Override
    public void leave(String id) {
      answer();
      live.removeIf(node -> node.id().equals(id));
    }

    @Override
    public Homes homes(String hash, @Nullable Integer replicas, @Nullable String cluster) {
      throw new UnsupportedOperationException();
    }

    private void answer() {
      if (isAway) {
        throw new MembraneException(ErrorCode.DEPENDENCY_UNAVAILABLE, "away");
      }
    }
  }

  @AfterEach
  void close() {
    membership.stop();
    peers.close();
    memory.close();
  }

  @Test
  void whatWasHeardLastHoldsForTenLeasesWithoutTheDirectoryAndThenTheNodeIsAlone() {
    directory.renew("other", registration("http://other:1"));
    membership.renew();
    assertThat(known()).isEqualTo(2);

    directory.isAway = true;
    clock.advance(Duration.ofMillis(10 * LEASE_MS));
    membership.renew();
    assertThat(known()).isEqualTo(2);

    clock.advance(Duration.ofMillis(1));
    membership.renew();
    assertThat(known()).isEqualTo(1);

    directory.isAway = false;
    membership.renew();
    assertThat(known()).isEqualTo(2);
  }

  @Test
  void aNodeWhoseUrlNobodyCanUseIsLeftOut() {
    directory.renew("other", registration("http://other:1"));
    directory.renew("broken", registration("http://[::"));
    directory.renew("odd", registration("file:///tmp"));
    membership.renew();
    assertThat(known()).isEqualTo(2);
  }

  @Test
  void whoElseHasTheNameOrTheUrlOfANodeIsSaidOnceWhenItIsHeard(CapturedOutput log) {
    directory.renew("self", registration("http://before-the-restart:1"));
    membership.renew();
    directory.renew("self", registration("http://namesake:1"));
    directory.renew("twin", registration("http://self:1"));
    directory.renew("other", registration("http://other:1"));
    for (int i = 0; i < 3; i++) {
      membership.renew();
      directory.renew("self", registration("http://namesake:1"));
    }
    assertThat(log.toString().lines().filter(line -> line.contains("is registered too")))
        .satisfiesExactlyInAnyOrder(
            line -> assertThat(line).contains("self at http://namesake:1"),
            line -> assertThat(line).contains("twin at http://self:1"));
  }

  @Test
  void aDirectoryThatHasNeverAnsweredIsSaidOnce(CapturedOutput log) {
    directory.isAway = true;
    membership.renew();
    membership.renew();
    assertThat(log.toString().lines().filter(line -> line.contains("until the directory answers")))
        .hasSize(1);
  }

  @Test
  void aNodeThatStopsLeaves() {
    membership.start();
    membership.stop();
    assertThat(directory.live).isEmpty();
  }

  private int known() {
    return (int) meters.get(FragmentMetric.NODES.meter()).gauge().value();
  }

  private static MembershipClient.Registration registration(String url) {
    return new MembershipClient.Registration("fragment", "c", url, 1000L, null, LEASE_MS);
  }
}
