package io.membrane.scheduler.search;

import io.membrane.scheduler.throughput.LengthClasses;
import io.membrane.scheduler.throughput.LengthCurve;
import io.membrane.scheduler.throughput.Workload;
import java.util.HashMap;
import java.util.Map;

/**
 * What each threshold makes of a workload, and the profiles read at the class means: all that does
 * not depend on how many instances there are or how thick the links are. Many fleets of the same
 * kinds are searched over one landscape at a fraction of the time of the first. Not thread-safe.
 */
public final class Landscape {

  final Workload workload;
  final LengthCurve kvBytes;
  final ThresholdRange range;
  final double[] offloaded;
  private final double[] longTokens;
  private final double[] shortTokens;
  private final Map<LengthCurve, double[]> atLong = new HashMap<>();
  private final Map<LengthCurve, double[]> perInstance = new HashMap<>();

  /**
   * A landscape.
   *
   * @param kvBytes S_kv of the fleets that will be searched
   */
  public Landscape(Workload workload, LengthCurve kvBytes, ThresholdRange range) {
    this.workload = workload;
    this.kvBytes = kvBytes;
    this.range = range;
    int n = range.count();
    this.offloaded = new double[n];
    this.longTokens = new double[n];
    this.shortTokens = new double[n];
    for (int i = 0; i < n; i++) {
      LengthClasses classes = workload.input().split(range.at(i));
      offloaded[i] = classes.offloaded();
      longTokens[i] = classes.longTokens();
      shortTokens[i] = classes.shortTokens();
    }
  }

  /** The thresholds. */
  public ThresholdRange range() {
    return range;
  }

  /** A curve at l_long of every threshold. */
  double[] atLong(LengthCurve curve) {
    return atLong.computeIfAbsent(curve, c -> read(c, longTokens));
  }

  /** Λ that one local instance allows at every threshold, rps; 0 where no prompt stays local. */
  double[] perInstance(LengthCurve prefillSeconds) {
    return perInstance.computeIfAbsent(
        prefillSeconds,
        c -> {
          double[] rps = read(c, shortTokens);
          for (int i = 0; i < rps.length; i++) {
            rps[i] = offloaded[i] < 1 ? 1 / (rps[i] * (1 - offloaded[i])) : 0;
          }
          return rps;
        });
  }

  private static double[] read(LengthCurve curve, double[] tokens) {
    double[] values = new double[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      values[i] = i > 0 && tokens[i] == tokens[i - 1] ? values[i - 1] : curve.at(tokens[i]);
    }
    return values;
  }
}
