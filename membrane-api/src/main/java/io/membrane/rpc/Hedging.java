package io.membrane.rpc;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * When a request that says nothing is sent once more, and how often that may be: J. Dean, L. A.
 * Barroso, "The Tail at Scale", CACM 56 (2013). Unless it is configured, the delay is the 95th
 * percentile of the longest silences of recent requests, so that of twenty requests one is slow
 * enough. A share of all requests bounds the second ones: a store that is slow for all of them is
 * not asked twice for everything. Thread-safe.
 */
public final class Hedging {

  private static final int RECENT = 128;
  private static final int ENOUGH = 16;
  private static final double PERCENTILE = 0.95;
  private static final long LEAST_NANOS = Duration.ofMillis(20).toNanos();
  private static final long MOST_NANOS = Duration.ofSeconds(2).toNanos();
  private static final long UNKNOWN_NANOS = Duration.ofMillis(500).toNanos();

  /** Second requests that a quiet time saves up. */
  private static final double MOST_SAVED = 4;

  private final @Nullable Duration configured;
  private final double share;
  private final Counter won;
  private final Counter lost;
  private final Counter denied;
  private final long[] silences = new long[RECENT];
  private int count;
  private double saved = 1;

  /**
   * @param configured the delay, or null to learn it
   * @param share of the requests that may be sent a second time, from 0 to 1
   * @param metric counter of second requests, tag {@code outcome}: {@code won}, {@code lost} or
   *     {@code denied}
   */
  public Hedging(@Nullable Duration configured, double share, String metric, MeterRegistry meters) {
    this.configured = configured;
    this.share = share;
    this.won = meters.counter(metric, "outcome", "won");
    this.lost = meters.counter(metric, "outcome", "lost");
    this.denied = meters.counter(metric, "outcome", "denied");
  }

  /** Silence after which a request is sent once more, in nanoseconds. */
  public synchronized long delayNanos() {
    if (configured != null) {
      return configured.toNanos();
    }
    int known = Math.min(count, RECENT);
    if (known < ENOUGH) {
      return UNKNOWN_NANOS;
    }
    long[] sorted = Arrays.copyOf(silences, known);
    Arrays.sort(sorted);
    return Math.clamp(sorted[(int) (PERCENTILE * (known - 1))], LEAST_NANOS, MOST_NANOS);
  }

  /** A first request is sent. */
  public synchronized void sent() {
    saved = Math.min(Math.max(MOST_SAVED, share), saved + share);
  }

  /** Whether one more may be sent; if so, it counts. */
  public synchronized boolean permits() {
    if (share == 0 || saved < 1) {
      denied.increment();
      return false;
    }
    saved--;
    return true;
  }

  /** The longest time that a request said nothing, in nanoseconds. */
  public synchronized void heard(long silenceNanos) {
    silences[count++ % RECENT] = silenceNanos;
    if (count == 2 * RECENT) {
      count = RECENT;
    }
  }

  /** A second request has ended, and gave something before the first did, or did not. */
  public void ended(boolean isWon) {
    (isWon ? won : lost).increment();
  }
}
