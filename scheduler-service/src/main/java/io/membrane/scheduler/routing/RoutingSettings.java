package io.membrane.scheduler.routing;

import java.time.Duration;

/**
 * What time is worth to {@link RoutingPolicy}. All OURS.
 *
 * @param usdPerSecond what a second of time to first token is worth, ≥ 0
 * @param maxWait a prompt that would wait is refused where its wait and its own prefill together
 *     are longer; 1 ms to 365 days
 */
public record RoutingSettings(double usdPerSecond, Duration maxWait) {

  private static final Duration LONGEST = Duration.ofDays(365);

  /** What is taken where nothing else is said. */
  public static final RoutingSettings DEFAULT = new RoutingSettings(0.01, Duration.ofSeconds(30));

  /** Refuses what is out of bounds. */
  public RoutingSettings {
    if (!(usdPerSecond >= 0) || !Double.isFinite(usdPerSecond)) {
      throw new IllegalArgumentException(
          "a second is worth a finite price of at least 0 USD, not " + usdPerSecond);
    }
    if (maxWait.toMillis() < 1 || maxWait.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("a prompt waits at most 1 ms to 365 days, not " + maxWait);
    }
  }
}
