package io.membrane.scheduler.live;

import io.membrane.scheduler.routing.ClusterCondition;
import io.membrane.wire.SchedulerClient.Role;

/** A cluster that has reported: what is remembered, and what follows for routing. */
record LiveCluster(ClusterMemory memory, ClusterCondition condition) {

  Role role() {
    return memory.role();
  }
}
