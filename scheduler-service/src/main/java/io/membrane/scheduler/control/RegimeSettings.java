package io.membrane.scheduler.control;

import java.time.Duration;

/**
 * Constants of {@link RegimeSwitch}, all OURS.
 *
 * @param abundantHeadroom unused share of the link from which on bandwidth is abundant, in (0, 1]
 * @param abundantDwell how long it has to stay so
 * @param scarceHeadroom unused share below which it is scarce, in (0, abundantHeadroom)
 * @param scarceDwell how long it has to stay so
 * @param patience longest gap between two samples that a dwell survives
 */
public record RegimeSettings(
    double abundantHeadroom,
    Duration abundantDwell,
    double scarceHeadroom,
    Duration scarceDwell,
    Duration patience) {

  /** Half the link free for 60 s; less than a quarter for 5 s; gaps of at most 5 s. */
  public static final RegimeSettings DEFAULT =
      new RegimeSettings(
          0.5, Duration.ofSeconds(60), 0.25, Duration.ofSeconds(5), Duration.ofSeconds(5));

  /** Refuses levels without hysteresis between them. */
  public RegimeSettings {
    Limits.positive("the headroom of abundance", abundantHeadroom, 1);
    Limits.positive("the headroom of scarcity", scarceHeadroom, 1);
    Limits.positive("the dwell before abundance", abundantDwell);
    Limits.positive("the dwell before scarcity", scarceDwell);
    Limits.positive("the longest gap", patience);
    if (scarceHeadroom >= abundantHeadroom) {
      throw new IllegalArgumentException(
          "bandwidth is scarce below a headroom of %s, which has to be less than %s, where it is"
                  .formatted(scarceHeadroom, abundantHeadroom)
              + " abundant");
    }
  }
}
