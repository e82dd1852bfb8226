package io.membrane.scheduler.control;

import io.membrane.scheduler.search.ThresholdRange;
import io.membrane.scheduler.throughput.LengthClasses;
import io.membrane.scheduler.throughput.LengthCurve;
import io.membrane.scheduler.throughput.Workload;
import java.util.Arrays;

/**
 * The threshold that leaves a share of the planned offload: makes egress proportional to what
 * {@link CongestionControl} decides, whatever the distribution of lengths.
 *
 * <p>Algorithm: the offered egress of a request, p(t) · S_kv(l_long(t)), for every threshold of the
 * workload's lengths; the first of them that is small enough is found by the minima of blocks of
 * {@value #BLOCK}, which is exact for profiles of any shape. Immutable and thread-safe.
 */
public final class EffectiveThreshold {

  private static final int BLOCK = 512;

  private final ThresholdRange range;
  private final double[] offered;
  private final double[] least;

  private EffectiveThreshold(ThresholdRange range, double[] offered) {
    this.range = range;
    this.offered = offered;
    this.least = new double[(offered.length + BLOCK - 1) / BLOCK];
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    for (int i = 0; i < offered.length; i++) {
      least[i / BLOCK] = Math.min(least[i / BLOCK], offered[i]);
    }
  }

  /** Thresholds of a workload, at single-token resolution up to 1,048,576 of them. */
  public static EffectiveThreshold of(Workload workload, LengthCurve kvBytes) {
    ThresholdRange range = ThresholdRange.over(workload.input());
    double[] offered = new double[(range.to() - range.from()) / range.step() + 1];
    for (int i = 0; i < offered.length; i++) {
      LengthClasses classes = workload.input().split(range.from() + i * range.step());
      double p = classes.offloaded();
      offered[i] = p > 0 ? p * kvBytes.at(classes.longTokens()) : 0;
    }
    return new EffectiveThreshold(range, offered);
  }

  /**
   * The smallest t' ≥ t that offers at most a share of the egress that t offers; the longest length
   * if none does before it.
   *
   * @param threshold t, ≥ 0
   * @param share in [0, 1]; t itself for 1
   */
  public int raise(int threshold, double share) {
    if (threshold < 0 || !(share >= 0) || !(share <= 1)) {
      throw new IllegalArgumentException(
          "a threshold of at least 0 is raised for a share from 0 to 1, not %d for %s"
              .formatted(threshold, share));
    }
    if (share == 1 || threshold >= range.to()) {
      return threshold;
    }
    int from = Math.max(0, ceilIndex(threshold));
    double target = share * offered[Math.min(floorIndex(threshold), offered.length - 1)];
    int found = firstAtMost(target, from);
    return found < 0 ? range.to() : Math.max(threshold, range.from() + found * range.step());
  }

  private int floorIndex(int threshold) {
    return Math.max(0, Math.floorDiv(threshold - range.from(), range.step()));
  }

  private int ceilIndex(int threshold) {
    return Math.ceilDiv(threshold - range.from(), range.step());
  }

  private int firstAtMost(double target, int from) {
    for (int i = from; i < offered.length; i++) {
      if (i % BLOCK == 0 && least[i / BLOCK] > target) {
        i += BLOCK - 1;
      } else if (offered[i] <= target) {
        return i;
      }
    }
    return -1;
  }
}
