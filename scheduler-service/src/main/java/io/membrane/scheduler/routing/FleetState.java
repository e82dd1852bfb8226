package io.membrane.scheduler.routing;

import io.membrane.wire.SchedulerClient.Regime;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the fleet now. A cluster that is not named is up, with this threshold and
 * regime, and nothing else is known of it.
 *
 * @param thresholdTokens t, ≥ 0
 * @param regime of links that nothing is known of
 * @param clusters by name
 */
public record FleetState(
    int thresholdTokens, Regime regime, Map<String, ClusterCondition> clusters) {

  /** Refuses a negative threshold. */
  public FleetState {
    Bounds.notNegative("a threshold", thresholdTokens);
    clusters = Map.copyOf(clusters);
  }

  /** A fleet of which nothing is known but the rule. */
  public static FleetState of(int thresholdTokens, Regime regime) {
    return new FleetState(thresholdTokens, regime, Map.of());
  }

  /** The condition of a cluster. */
  public ClusterCondition of(String cluster) {
    @Nullable ClusterCondition known = clusters.get(cluster);
    return known != null ? known : ClusterCondition.up(cluster, thresholdTokens, regime);
  }
}
