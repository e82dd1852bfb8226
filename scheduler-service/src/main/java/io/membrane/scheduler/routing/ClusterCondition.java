package io.membrane.scheduler.routing;

import io.membrane.wire.SchedulerClient.Regime;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a cluster now.
 *
 * @param availability whether it takes new prompts
 * @param availabilityReason why, for people; empty when up
 * @param effectiveThresholdTokens t as raised by congestion on this prefill cluster's link; t for a
 *     pd cluster
 * @param regime of this prefill cluster's link
 * @param waitSeconds measured wait before a prefill starts; 0 if unknown
 * @param linkGbps rate that a transfer can expect of this prefill cluster's link; 0 if unknown
 * @param cost speed and prices; null if unknown
 */
public record ClusterCondition(
    String cluster,
    Availability availability,
    String availabilityReason,
    int effectiveThresholdTokens,
    Regime regime,
    double waitSeconds,
    double linkGbps,
    @Nullable ClusterCost cost) {

  /** Refuses negative numbers. */
  public ClusterCondition {
    Bounds.notNegative("an effective threshold", effectiveThresholdTokens);
    Bounds.notNegative("a wait", waitSeconds);
    Bounds.notNegative("a link's rate", linkGbps);
  }

  /** A cluster that is up and of which nothing else is known. */
  public static ClusterCondition up(String cluster, int thresholdTokens, Regime regime) {
    return new ClusterCondition(cluster, Availability.UP, "", thresholdTokens, regime, 0, 0, null);
  }
}
