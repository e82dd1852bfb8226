package io.membrane.leadership;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leads while a lease is held.
 *
 * <p>Goal: never two leaders at once. Others get the lease no earlier than its length after a call
 * that held it began. This one leads for four fifths of that, from the same moment, by its own
 * monotonic clock: whoever cannot renew steps down before another may begin. What is left bears
 * clocks whose rates differ by a fifth. Nothing can bear a process that is stopped between {@link
 * #leads} and what it does then: that has to be harmless, or checked where it is written.
 *
 * <p>{@link #campaign} and {@link #resign} are for one thread, the others for any.
 */
final class LeaseElection implements Leadership {

  private static final Logger log = LoggerFactory.getLogger(LeaseElection.class);

  private record Term(long untilNanos) {}

  private final String name;
  private final SharedLease lease;
  private final String candidate;
  private final Duration length;
  private final LongSupplier nanos;
  private volatile Term term;
  private volatile boolean won;
  private final AtomicLong changes = new AtomicLong();
  private boolean answers = true;

  /**
   * A candidate that has not campaigned.
   *
   * @param name of the lease, for messages
   * @param nanos a monotonic clock
   */
  LeaseElection(
      String name, SharedLease lease, String candidate, Duration length, LongSupplier nanos) {
    this.name = name;
    this.lease = lease;
    this.candidate = candidate;
    this.length = length;
    this.nanos = nanos;
    this.term = new Term(nanos.getAsLong());
  }

  @Override
  public boolean leads() {
    return won && nanos.getAsLong() - term.untilNanos() < 0;
  }

  /** How often this candidate has become the leader or stepped down. */
  long changes() {
    return changes.get();
  }

  /** Asks for the lease, or renews it; to be called at least three times in its length. */
  void campaign() {
    long asked = nanos.getAsLong();
    try {
      if (lease.hold(candidate, length)) {
        term = new Term(asked + length.toNanos() / 5 * 4);
        become(true);
      } else {
        become(false);
      }
      answers = true;
    } catch (IOException e) {
      if (answers) {
        log.warn("lease {} cannot be asked for, will be tried again: {}", name, e.getMessage());
      }
      answers = false;
      if (!leads()) {
        become(false);
      }
    }
  }

  /** Steps down, and lets others in at once. */
  void resign() {
    boolean had = won;
    become(false);
    if (had) {
      try {
        lease.release(candidate);
      } catch (IOException e) {
        log.debug("lease {} was not given back, it ends by itself: {}", name, e.getMessage());
      }
    }
  }

  private void become(boolean leader) {
    if (won != leader) {
      won = leader;
      changes.incrementAndGet();
      log.info(
          leader ? "{} leads: it holds lease {}" : "{} leads no more: lease {} is not its own",
          candidate,
          name);
    }
  }
}
