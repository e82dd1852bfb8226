package io.membrane.scheduler.live;

import io.membrane.scheduler.control.RoleControl;
import io.membrane.scheduler.routing.Availability;
import io.membrane.scheduler.routing.FleetState;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;

/**
 * All that is known at a moment.
 *
 * @param at the moment
 * @param roles and threshold that are wanted
 * @param clusters that have reported, in the order of their names
 * @param state what routes are decided by
 */
record Snapshot(
    Instant at, RoleControl.State roles, Map<String, LiveCluster> clusters, FleetState state) {

  Snapshot {
    clusters = Collections.unmodifiableMap(clusters);
  }

  boolean gone(String cluster) {
    LiveCluster known = clusters.get(cluster);
    return known != null && known.condition().availability() == Availability.GONE;
  }
}
