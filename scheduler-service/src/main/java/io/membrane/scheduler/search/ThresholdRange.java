package io.membrane.scheduler.search;

import io.membrane.scheduler.throughput.Lengths;

/**
 * Thresholds to search: from, from + step, … up to to.
 *
 * @param from lowest threshold in tokens, ≥ 0
 * @param to highest threshold in tokens
 * @param step distance in tokens, ≥ 1
 */
public record ThresholdRange(int from, int to, int step) {

  private static final int MAX_THRESHOLDS = 1 << 18;

  /** Refuses an empty range and one of more than 262,144 thresholds. */
  public ThresholdRange {
    if (from < 0 || to < from || step < 1) {
      throw new IllegalArgumentException(
          "thresholds go from 0 or more, up, in steps of at least 1; not from %d to %d by %d"
              .formatted(from, to, step));
    }
    if ((to - from) / step + 1 > MAX_THRESHOLDS) {
      throw new IllegalArgumentException(
          "from %d to %d by %d are more than %d thresholds; take a larger step"
              .formatted(from, to, step, MAX_THRESHOLDS));
    }
  }

  /**
   * From "every prompt is offloaded" to "none is", both included, at single-token resolution where
   * that is fewer than 262,144 thresholds.
   */
  public static ThresholdRange over(Lengths lengths) {
    int from = (int) Math.ceil(lengths.min()) - 1;
    int width = (int) Math.ceil(lengths.max()) - from;
    int step = width / (MAX_THRESHOLDS - 1) + 1;
    return new ThresholdRange(from, from + Math.ceilDiv(width, step) * step, step);
  }

  /** The one threshold at which every prompt stays local. */
  public static ThresholdRange local(Lengths lengths) {
    int longest = (int) Math.ceil(lengths.max());
    return new ThresholdRange(longest, longest, 1);
  }

  int count() {
    return (to - from) / step + 1;
  }

  int at(int index) {
    return from + index * step;
  }
}
