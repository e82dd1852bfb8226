package io.membrane.scheduler.throughput;

import java.util.List;

/**
 * A cluster that prefills for another and sends the KV over a link of its own.
 *
 * @param name of the cluster
 * @param pools its instances; unlike ones share the prompts by their speed
 * @param linkGbps B_out, what its link carries, > 0
 * @param usdPerGb what a GB (10⁹ bytes) of egress costs, ≥ 0
 */
public record PrefillCluster(String name, List<Pool> pools, double linkGbps, double usdPerGb) {

  /** Refuses a link that carries nothing. */
  public PrefillCluster {
    pools = List.copyOf(pools);
    if (!(linkGbps > 0) || !Double.isFinite(linkGbps)) {
      throw new IllegalArgumentException(
          "the link of '%s' carries a finite rate above 0 Gbps, not %s".formatted(name, linkGbps));
    }
    if (!(usdPerGb >= 0) || !Double.isFinite(usdPerGb)) {
      throw new IllegalArgumentException(
          "egress of '%s' costs a finite price of at least 0 USD per GB, not %s"
              .formatted(name, usdPerGb));
    }
  }

  /** N_prfaas / T_prefill(l) over all pools, rps. */
  public double computeRps(double tokens) {
    double rps = 0;
    for (Pool pool : pools) {
      rps += pool.prefillRps(tokens);
    }
    return rps;
  }

  /** (3), rps of prompts of this length. */
  public double rps(double tokens, double kvBytes) {
    return Throughput.prefillClusterRps(computeRps(tokens), linkGbps, kvBytes);
  }

  /** Instances over all pools. */
  public int instances() {
    return pools.stream().mapToInt(Pool::instances).sum();
  }
}
