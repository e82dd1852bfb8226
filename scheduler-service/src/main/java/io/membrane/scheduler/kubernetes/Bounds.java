package io.membrane.scheduler.kubernetes;

/**
 * How far the workloads may follow what is wanted.
 *
 * @param instances what both roles together never exceed
 */
record Bounds(int minReplicas, int instances) {

  /**
   * The replicas to bring the workloads to: what is wanted, but no role below the minimum, and no
   * role more than fits beside the other's. A role that has to grow never takes more than is left,
   * and is never shrunk to fit; if both have to grow, prefill is served first.
   */
  RoleCounts clamp(RoleCounts wanted, RoleCounts replicas) {
    int prefill = Math.max(minReplicas, wanted.prefill());
    int decode = Math.max(minReplicas, wanted.decode());
    if (prefill > replicas.prefill()) {
      int beside = Math.min(decode, replicas.decode());
      prefill = Math.max(replicas.prefill(), Math.min(prefill, instances - beside));
    }
    if (decode > replicas.decode()) {
      decode = Math.max(replicas.decode(), Math.min(decode, instances - prefill));
    }
    return new RoleCounts(prefill, decode);
  }
}
