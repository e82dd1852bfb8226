package io.membrane.scheduler.control;

import io.membrane.scheduler.search.ThresholdRange;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.LengthClasses;
import io.membrane.scheduler.throughput.Lengths;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.Throughput;
import java.util.List;

/**
 * What both producers of KV carry at the thresholds of a range, taken apart so that a split costs a
 * few operations for each: a threshold decides what the prefill clusters carry and how long one
 * local instance of each pool takes, a split how many there are.
 */
final class Producers {

  private final ThresholdRange range;
  private final double[] offloaded;
  private final double[] remoteRps;

  /** T_prefill(l_short) of each pool's instances. */
  private final double[][] localSeconds;

  Producers(Fleet fleet, Lengths lengths, ThresholdRange range) {
    this.range = range;
    int thresholds = (range.to() - range.from()) / range.step() + 1;
    this.offloaded = new double[thresholds];
    this.remoteRps = new double[thresholds];
    this.localSeconds = new double[fleet.pd().size()][thresholds];
    for (int i = 0; i < thresholds; i++) {
      LengthClasses classes = lengths.split(at(i));
      offloaded[i] = classes.offloaded();
      remoteRps[i] =
          Throughput.carriedRps(
              fleet.prefillClustersRps(classes.longTokens()), classes.offloaded());
      for (int j = 0; j < localSeconds.length; j++) {
        Pool pool = fleet.pd().get(j);
        localSeconds[j][i] = pool.type().prefillSeconds().at(classes.shortTokens());
      }
    }
  }

  /** The threshold at which this split carries most; of equally good ones the lowest. */
  int best(List<Integer> split) {
    int best = 0;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < offloaded.length; i++) {
      if (remoteRps[i] <= most) {
        continue;
      }
      double local = 0;
      for (int j = 0; j < localSeconds.length; j++) {
        local += Throughput.localPrefillRps(split.get(j), localSeconds[j][i]);
      }
      double rps = Math.min(remoteRps[i], Throughput.carriedRps(local, 1 - offloaded[i]));
      if (rps > most) {
        best = i;
        most = rps;
      }
    }
    return at(best);
  }

  private int at(int index) {
    return range.from() + index * range.step();
  }
}
