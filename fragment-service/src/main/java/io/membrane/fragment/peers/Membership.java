package io.membrane.fragment.peers;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.MembershipClient;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.NodeState;
import io.membrane.wire.MembershipClient.Registration;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says to the directory that this node lives, three times per lease, and hears from it who else
 * does. While the directory does not answer what was heard last holds, for {@value #TRUSTED}
 * leases; then this node is alone until it answers again. What only an operator can mend is logged
 * when it begins: a directory that has never answered, another process under this node's id, or
 * another id with this node's URL. Thread-safe.
 */
public final class Membership {

  private static final int TRUSTED = 10;
  private static final Logger log = LoggerFactory.getLogger(Membership.class);

  private final MembershipClient directory;
  private final String id;
  private final Registration registration;
  private final Peers peers;
  private final Clock clock;
  private @Nullable ScheduledExecutorService thread;
  private long heardMs;
  private boolean isAlone = true;
  private boolean hasWarned;
  private Set<Claim> rivals = Set.of();

  /** Who says to be where. */
  private record Claim(String id, String url) {}

  /**
   * @param id this node's
   * @param registration what it says of itself
   */
  public Membership(
      MembershipClient directory, String id, Registration registration, Peers peers, Clock clock) {
    this.directory = directory;
    this.id = id;
    this.registration = registration;
    this.peers = peers;
    this.clock = clock;
  }

  /** Begins, unless it has begun; does not wait for the directory. */
  public synchronized void start() {
    if (thread == null) {
      thread =
          Executors.newSingleThreadScheduledExecutor(
              Thread.ofPlatform().daemon().name("membership").factory());
      var _ =
          thread.scheduleWithFixedDelay(this::renew, 0, period().toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** Ends, and says so. */
  public synchronized void stop() {
    if (thread == null) {
      return;
    }
    thread.close();
    thread = null;
    try {
      inTime(() -> {
        directory.leave(id);
        return true;
      });
    } catch (MembraneException e) {
      log.debug("not said to the directory, the lease ends by itself: {}", e.getMessage());
    }
  }

  /** Says and hears once; what the schedule does. */
  void renew() {
    try {
      List<Node> live = new ArrayList<>();
      inTime(() -> {
        directory.nodes(registration.role(), registration.cluster()).nodes().stream()
            .filter(node -> node.state() == null || node.state() == NodeState.LIVE)
            .forEach(live::add);
        Node self = directory.renew(id, registration);
        warnOf(rivals(live));
        live.removeIf(node -> node.id().equals(id));
        return live.add(self);
      });
      peers.accept(live);
      heard();
    } catch (MembraneException e) {
      missed(e);
    } catch (RuntimeException e) {
      log.error("the nodes could not be told; will be tried again", e);
    }
  }

  /** Those that have this node's id or its URL, and not both. */
  private Set<Claim> rivals(List<Node> live) {
    return live.stream()
        .map(node -> new Claim(node.id(), node.url()))
        .filter(claim -> claim.id().equals(id) != claim.url().equals(registration.url()))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Not before the first answer: a lease of this very node may run from before its restart. */
  private void warnOf(Set<Claim> now) {
    if (!isAlone) {
      for (Claim rival : now) {
        if (!rivals.contains(rival)) {
          log.warn(
              "{} at {} is registered too, and this node is {} at {}: give each an instance and a"
                  + " url of its own (membrane.fragment.instance, .url)",
              rival.id(),
              rival.url(),
              id,
              registration.url());
        }
      }
      rivals = now;
    }
  }

  private void heard() {
    if (isAlone) {
      log.info("{} is registered at the directory", id);
    }
    isAlone = false;
    heardMs = clock.millis();
  }

  private void missed(MembraneException e) {
    log.debug("the directory did not answer: {}", e.getMessage());
    if (heardMs == 0 && !hasWarned) {
      log.warn("this node is alone until the directory answers: {}", e.getMessage());
      hasWarned = true;
    }
    if (!isAlone && clock.millis() - heardMs > TRUSTED * registration.leaseMs()) {
      log.warn("the directory has not answered for {} leases; this node is alone", TRUSTED);
      isAlone = true;
      peers.beAlone();
    }
  }

  private Duration period() {
    return Duration.ofMillis(registration.leaseMs() / 3);
  }

  private <T> T inTime(Callable<T> call) {
    try {
      return CallContext.of(CallContext.DEFAULT_TENANT, period()).call(call);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("a client throws nothing checked", e);
    }
  }
}
