package io.membrane.scheduler.search;

import io.membrane.scheduler.throughput.Decode;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.LengthClasses;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.Throughput;
import io.membrane.scheduler.throughput.Workload;
import java.util.List;

/**
 * A threshold and a split of the PD cluster, and what the model says of them.
 *
 * @param thresholdTokens t
 * @param prefillByPool N_p of each pool of the PD cluster, in the fleet's order
 * @param nP N_p over all pools
 * @param nD N_d over all pools
 * @param classes what t makes of the lengths
 * @param prefillClustersRps Θ_prfaas, over all prefill clusters
 * @param localPrefillRps Θ_pd-p
 * @param decodeRps Θ_pd-d
 * @param sustainedRps Λ_max
 * @param egressGbps Λ_max · p · S_kv(l_long), over all links
 * @param usdPerRequest instances and egress at Λ_max
 */
public record Configuration(
    int thresholdTokens,
    List<Integer> prefillByPool,
    int nP,
    int nD,
    LengthClasses classes,
    double prefillClustersRps,
    double localPrefillRps,
    double decodeRps,
    double sustainedRps,
    double egressGbps,
    double usdPerRequest) {

  static final double SECONDS_PER_HOUR = 3600;
  static final double BYTES_PER_GB = 1e9;

  /** Copies the split. */
  public Configuration {
    prefillByPool = List.copyOf(prefillByPool);
  }

  /**
   * The model's figures for one threshold and split.
   *
   * @param prefillByPool instances of each pool that prefill; the others decode
   */
  public static Configuration of(
      Fleet fleet, Workload workload, int thresholdTokens, List<Integer> prefillByPool) {
    if (prefillByPool.size() != fleet.pd().size()) {
      throw new IllegalArgumentException(
          "a split names %d pools, not %d".formatted(fleet.pd().size(), prefillByPool.size()));
    }
    LengthClasses classes = workload.input().split(thresholdTokens);
    double local = 0;
    double decode = 0;
    int prefilling = 0;
    int decoding = 0;
    for (int i = 0; i < prefillByPool.size(); i++) {
      Pool pool = fleet.pd().get(i);
      int n = prefillByPool.get(i);
      if (n < 0 || n > pool.instances()) {
        throw new IllegalArgumentException(
            "0 to %d instances of %s prefill, not %d"
                .formatted(pool.instances(), pool.type().name(), n));
      }
      local +=
          Throughput.localPrefillRps(n, pool.type().prefillSeconds().at(classes.shortTokens()));
      decode += (pool.instances() - n) * decodeRps(pool, workload);
      prefilling += n;
      decoding += pool.instances() - n;
    }
    double remote = fleet.prefillClustersRps(classes.longTokens());
    double sustained = Throughput.sustainedRps(remote, local, decode, classes.offloaded());
    return new Configuration(
        thresholdTokens,
        prefillByPool,
        prefilling,
        decoding,
        classes,
        remote,
        local,
        decode,
        sustained,
        sustained
            * classes.offloaded()
            * Throughput.gigabits(fleet.kvBytes().at(classes.longTokens())),
        fleet.usdPerHour() / SECONDS_PER_HOUR / sustained + egressUsdPerRequest(fleet, classes));
  }

  /** Every prompt is prefilled in the prefill clusters, every local instance that can decodes. */
  public static Configuration naive(Fleet fleet, Workload workload) {
    int below = (int) Math.ceil(workload.input().min()) - 1;
    List<Integer> rest =
        fleet.pd().stream().map(pool -> pool.canDecode() ? 0 : pool.instances()).toList();
    return of(fleet, workload, below, rest);
  }

  /** Requests per second that one decoding instance of a pool finishes; 0 if it cannot decode. */
  static double decodeRps(Pool pool, Workload workload) {
    Decode decode = pool.type().decode();
    return decode == null ? 0 : decode.rps(workload.outputTokens());
  }

  /** Price of the KV that a mean request sends over a link; the clusters share by (3). */
  static double egressUsdPerRequest(Fleet fleet, LengthClasses classes) {
    double bytes = fleet.kvBytes().at(classes.longTokens());
    double rps = 0;
    double usd = 0;
    for (PrefillCluster c : fleet.prefill()) {
      double share = c.rps(classes.longTokens(), bytes);
      rps += share;
      usd += share * bytes / BYTES_PER_GB * c.usdPerGb();
    }
    return rps > 0 ? classes.offloaded() * usd / rps : 0;
  }

  /** How far from (7). */
  public double producerImbalanceRps() {
    return Throughput.producerImbalanceRps(
        prefillClustersRps, localPrefillRps, classes.offloaded());
  }

  /** How far from (8). */
  public double stageImbalanceRps() {
    return Throughput.stageImbalanceRps(prefillClustersRps, localPrefillRps, decodeRps);
  }
}
