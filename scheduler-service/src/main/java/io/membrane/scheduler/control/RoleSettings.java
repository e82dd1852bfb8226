package io.membrane.scheduler.control;

import java.time.Duration;

/**
 * Constants of {@link RoleControl}, all OURS.
 *
 * @param minSamples requests that lengths have to be seen in before they count, ≥ 1
 * @param thresholdGain relative gain of what both producers carry that moves t, ≥ 0
 * @param roleGain relative gain of Λ_max that is worth a conversion, ≥ 0
 * @param highUtilisation from which on a stage is hot, in (0, 1]
 * @param lowUtilisation up to which it is cool, in (0, highUtilisation)
 * @param queuePerInstance waiting requests per instance from which on it is hot, whatever its
 *     utilisation, > 0
 * @param dwell how long an imbalance has to last before an instance is converted
 * @param drainTimeout how long a conversion may take before it is given up
 * @param coolDown how long nothing is converted after a conversion
 * @param patience longest gap between two periods that a dwell survives
 */
public record RoleSettings(
    long minSamples,
    double thresholdGain,
    double roleGain,
    double highUtilisation,
    double lowUtilisation,
    double queuePerInstance,
    Duration dwell,
    Duration drainTimeout,
    Duration coolDown,
    Duration patience) {

  /**
   * 1,000 requests; t moves for 1 %, a role for 5 %; hot from 90 %, cool up to 85 %; 2 waiting per
   * instance; dwell 5 min, drain at most 10 min, cool-down 10 min, gaps of at most 3 min.
   */
  public static final RoleSettings DEFAULT =
      new RoleSettings(
          1000,
          0.01,
          0.05,
          0.9,
          0.85,
          2,
          Duration.ofMinutes(5),
          Duration.ofMinutes(10),
          Duration.ofMinutes(10),
          Duration.ofMinutes(3));

  /** Refuses what is out of range, and levels without hysteresis between them. */
  public RoleSettings {
    if (minSamples < 1) {
      throw new IllegalArgumentException("at least 1 sample is needed, not " + minSamples);
    }
    Limits.share("the gain that moves the threshold", thresholdGain);
    Limits.share("the gain that is worth a conversion", roleGain);
    Limits.positive("the high utilisation", highUtilisation, 1);
    Limits.positive("the low utilisation", lowUtilisation, 1);
    Limits.positive("the queue per instance", queuePerInstance, 1e9);
    Limits.positive("the dwell", dwell);
    Limits.positive("the time to drain", drainTimeout);
    Limits.positive("the cool-down", coolDown);
    Limits.positive("the longest gap", patience);
    if (lowUtilisation >= highUtilisation) {
      throw new IllegalArgumentException(
          "a stage is cool up to %s, which has to be less than %s, from which on it is hot"
              .formatted(lowUtilisation, highUtilisation));
    }
  }
}
