package io.membrane.fragment.peers;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.MembershipClient;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.Registration;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says to the directory that this node lives, three times per lease, and hears from it who else
 * does. While the directory does not answer what was heard last holds, for {@value #TRUSTED}
 * leases; then this node is alone until it answers again. Thread-safe.
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
      List<Node> live =
          inTime(() -> {
            directory.renew(id, registration);
            return directory.nodes(registration.role(), registration.cluster()).nodes();
          });
      peers.accept(live);
      heard();
    } catch (MembraneException e) {
      missed(e);
    } catch (RuntimeException e) {
      log.error("the nodes could not be told; will be tried again", e);
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
