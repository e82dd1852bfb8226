package io.membrane.scheduler.search;

import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.Throughput;
import java.util.ArrayList;
import java.util.List;

/**
 * Λ(t, split) taken apart so that a pair costs a few operations: a threshold decides what the
 * prefill clusters allow and what one local instance of each pool allows, a split decides how many
 * there are and what decode allows.
 *
 * <pre>
 * Λ(t, s) = min( remote[t], none[t] + Σ_j s_j · perInstance[j][t], decode(s) )
 * </pre>
 *
 * {@code none[t]} is infinite where no prompt stays local, otherwise 0.
 */
final class Candidates {

  final ThresholdRange range;
  final double[] remote;
  final double[] none;
  final double[][] perInstance;
  final double[] egressUsd;
  final double usdPerSecond;
  final List<int[]> splits;
  private final double[] offloaded;
  private final double[] remoteRps;
  private final double[] decodePerInstance;
  private final int[] instances;

  Candidates(Fleet fleet, Landscape land) {
    this.range = land.range;
    int thresholds = range.count();
    int pools = fleet.pd().size();
    this.usdPerSecond = fleet.usdPerHour() / Configuration.SECONDS_PER_HOUR;
    this.offloaded = land.offloaded;
    this.decodePerInstance = new double[pools];
    this.instances = new int[pools];
    for (int j = 0; j < pools; j++) {
      decodePerInstance[j] = Configuration.decodeRps(fleet.pd().get(j), land.workload);
      instances[j] = fleet.pd().get(j).instances();
    }
    this.splits = splits();
    this.remoteRps = new double[thresholds];
    this.egressUsd = new double[thresholds];
    fleet.prefill().forEach(c -> add(c, land));
    this.remote = new double[thresholds];
    this.none = new double[thresholds];
    for (int i = 0; i < thresholds; i++) {
      remote[i] = Throughput.carriedRps(remoteRps[i], offloaded[i]);
      none[i] = offloaded[i] < 1 ? 0 : Double.POSITIVE_INFINITY;
      egressUsd[i] = remoteRps[i] > 0 ? offloaded[i] * egressUsd[i] / remoteRps[i] : 0;
    }
    this.perInstance = new double[pools][];
    for (int j = 0; j < pools; j++) {
      perInstance[j] = land.perInstance(fleet.pd().get(j).type().prefillSeconds());
    }
  }

  /** Adds what a cluster sustains to Θ_prfaas, and what its egress costs in a second. */
  private void add(PrefillCluster cluster, Landscape land) {
    double[] bytes = land.atLong(land.kvBytes);
    double[] compute = new double[bytes.length];
    for (Pool pool : cluster.pools()) {
      double[] seconds = land.atLong(pool.type().prefillSeconds());
      for (int i = 0; i < compute.length; i++) {
        compute[i] += Throughput.localPrefillRps(pool.instances(), seconds[i]);
      }
    }
    double usdPerByte = cluster.usdPerGb() / Configuration.BYTES_PER_GB;
    for (int i = 0; i < compute.length; i++) {
      double rps = Throughput.prefillClusterRps(compute[i], cluster.linkGbps(), bytes[i]);
      remoteRps[i] += rps;
      egressUsd[i] += rps * bytes[i] * usdPerByte;
    }
  }

  /** Every split with something left to decode, the first pool slowest. */
  private List<int[]> splits() {
    List<int[]> found = new ArrayList<>();
    int[] split = new int[instances.length];
    for (int j = 0; j < split.length; j++) {
      split[j] = first(j);
    }
    while (true) {
      if (decode(split) > 0) {
        found.add(split.clone());
      }
      int j = split.length - 1;
      while (j >= 0 && split[j] == instances[j]) {
        split[j] = first(j);
        j--;
      }
      if (j < 0) {
        return found;
      }
      split[j]++;
    }
  }

  private int first(int pool) {
    return decodePerInstance[pool] > 0 ? 0 : instances[pool];
  }

  /** Θ_pd-d of a split. */
  double decode(int[] split) {
    double rps = 0;
    for (int j = 0; j < split.length; j++) {
      rps += (instances[j] - split[j]) * decodePerInstance[j];
    }
    return rps;
  }

  /** Λ of a threshold and a split whose Θ_pd-d is {@code decode}. */
  double sustained(int threshold, int[] split, double decode) {
    return Math.min(Math.min(remote[threshold], local(threshold, split)), decode);
  }

  /** Residual of (7). */
  double producerImbalance(int threshold, int[] split) {
    return Math.abs(remote[threshold] - local(threshold, split));
  }

  /** Residual of (8). */
  double stageImbalance(int threshold, int[] split, double decode) {
    double localRps =
        none[threshold] > 0 ? 0 : local(threshold, split) * (1 - offloaded[threshold]);
    return Math.abs(remoteRps[threshold] + localRps - decode);
  }

  /** What local prefill allows at every threshold. */
  void local(int[] split, double[] into) {
    System.arraycopy(none, 0, into, 0, into.length);
    for (int j = 0; j < split.length; j++) {
      double instances = split[j];
      double[] each = perInstance[j];
      for (int i = 0; i < into.length; i++) {
        into[i] += instances * each[i];
      }
    }
  }

  private double local(int threshold, int[] split) {
    double rps = none[threshold];
    for (int j = 0; j < split.length; j++) {
      rps += split[j] * perInstance[j][threshold];
    }
    return rps;
  }
}
