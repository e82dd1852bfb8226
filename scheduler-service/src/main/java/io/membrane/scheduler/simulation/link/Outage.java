package io.membrane.scheduler.simulation.link;

import org.jspecify.annotations.Nullable;

/**
 * A time in which a link carries nothing; transfers under way wait and then go on.
 *
 * @param cluster whose link it is; null for every link
 * @param fromSeconds when it begins, from the start
 * @param toSeconds when it is over
 */
public record Outage(@Nullable String cluster, double fromSeconds, double toSeconds) {

  /** Refuses an outage without duration. */
  public Outage {
    if (!(fromSeconds >= 0) || !(toSeconds > fromSeconds) || !Double.isFinite(toSeconds)) {
      throw new IllegalArgumentException(
          "an outage lasts from 0 s or later to a finite time after; not from %s to %s"
              .formatted(fromSeconds, toSeconds));
    }
  }
}
