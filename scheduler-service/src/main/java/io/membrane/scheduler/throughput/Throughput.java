package io.membrane.scheduler.throughput;

/**
 * Equations (1) to (8) of arXiv:2604.15039v2, sections 3.4.1 and 3.4.2, one function each. Two
 * producers of KV, a prefill cluster behind a link and the prefill nodes beside the decode nodes,
 * feed one consumer, the decode nodes. KV is in bytes, time in seconds, links in Gbps (10⁹ bits per
 * second), throughput in requests per second (rps). Where a producer serves nobody, what it could
 * carry is infinite.
 */
public final class Throughput {

  private static final double BITS_PER_BYTE = 8;
  private static final double BITS_PER_GIGABIT = 1e9;

  private Throughput() {}

  /** Bytes as gigabits. */
  public static double gigabits(double bytes) {
    return bytes * BITS_PER_BYTE / BITS_PER_GIGABIT;
  }

  /** (1) Φ_kv(l) = S_kv(l) / T_prefill(l): KV that one instance produces, Gbps. */
  public static double kvThroughputGbps(double kvBytes, double prefillSeconds) {
    return gigabits(kvBytes) / prefillSeconds;
  }

  /**
   * (2) B_out = (N/P) · E[S_kv] / E[T_prefill]: the least egress that keeps N/P instances busy,
   * Gbps.
   *
   * @param instances N/P
   * @param meanKvBytes E[S_kv] over what is offloaded
   * @param meanPrefillSeconds E[T_prefill] over what is offloaded
   */
  public static double leastEgressGbps(
      double instances, double meanKvBytes, double meanPrefillSeconds) {
    return instances * gigabits(meanKvBytes) / meanPrefillSeconds;
  }

  /**
   * (3) Θ_prfaas = min(N_prfaas / T_prefill(l_long), B_out / S_kv(l_long)), rps.
   *
   * @param computeRps N_prfaas / T_prefill(l_long), summed over unlike instances
   * @param linkGbps B_out
   * @param kvBytes S_kv(l_long)
   */
  public static double prefillClusterRps(double computeRps, double linkGbps, double kvBytes) {
    return Math.min(computeRps, linkGbps / gigabits(kvBytes));
  }

  /** (4) Θ_pd-p = N_p / T_prefill(l_short), rps. */
  public static double localPrefillRps(double instances, double prefillSeconds) {
    return instances / prefillSeconds;
  }

  /** (5) Θ_pd-d = N_d · BS_max / (T_decode · L_out), rps. */
  public static double decodeRps(
      double instances, int maxBatch, double stepSeconds, double outputTokens) {
    return instances * maxBatch / (stepSeconds * outputTokens);
  }

  /** What a producer of this throughput allows in all, if it serves this share of the requests. */
  public static double carriedRps(double producerRps, double share) {
    return share > 0 ? producerRps / share : Double.POSITIVE_INFINITY;
  }

  /** (6) Λ_max = min(Θ_prfaas / p, Θ_pd-p / (1 − p), Θ_pd-d), rps. */
  public static double sustainedRps(
      double prefillClusterRps, double localPrefillRps, double decodeRps, double offloaded) {
    return Math.min(
        Math.min(
            carriedRps(prefillClusterRps, offloaded), carriedRps(localPrefillRps, 1 - offloaded)),
        decodeRps);
  }

  /** (7) |Θ_prfaas / p − Θ_pd-p / (1 − p)|, 0 at the optimal t, rps. */
  public static double producerImbalanceRps(
      double prefillClusterRps, double localPrefillRps, double offloaded) {
    return Math.abs(
        carriedRps(prefillClusterRps, offloaded) - carriedRps(localPrefillRps, 1 - offloaded));
  }

  /** (8) |Θ_prfaas + Θ_pd-p − Θ_pd-d|, 0 at the optimal split, rps. */
  public static double stageImbalanceRps(
      double prefillClusterRps, double localPrefillRps, double decodeRps) {
    return Math.abs(prefillClusterRps + localPrefillRps - decodeRps);
  }
}
