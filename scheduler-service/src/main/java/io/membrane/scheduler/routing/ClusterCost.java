package io.membrane.scheduler.routing;

import io.membrane.scheduler.throughput.LengthCurve;

/**
 * How fast a cluster prefills, and for what price.
 *
 * @param prefillSeconds T_prefill(l) of one request on one instance
 * @param kvBytes S_kv(l) of the model
 * @param instances that prefill, ≥ 1
 * @param usdPerInstanceSecond what an instance costs in a second, ≥ 0
 * @param usdPerGb what a GB (10⁹ bytes) that leaves this cluster costs, ≥ 0
 */
public record ClusterCost(
    LengthCurve prefillSeconds,
    LengthCurve kvBytes,
    int instances,
    double usdPerInstanceSecond,
    double usdPerGb) {

  /** Refuses a cluster without instances and prices below 0. */
  public ClusterCost {
    if (instances < 1) {
      throw new IllegalArgumentException(
          "a cluster that prefills has at least 1 instance, not " + instances);
    }
    Bounds.notNegative("the price of an instance second", usdPerInstanceSecond);
    Bounds.notNegative("the price of a GB", usdPerGb);
  }
}
