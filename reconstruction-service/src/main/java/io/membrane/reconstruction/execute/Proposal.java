package io.membrane.reconstruction.execute;

import io.membrane.reconstruction.plan.Plan;
import io.membrane.reconstruction.plan.Stored;
import io.membrane.wire.SchedulerClient.RouteResponse;
import org.jspecify.annotations.Nullable;

/**
 * A plan and where it computes.
 *
 * @param stored what it was made from
 * @param route null if nothing is computed
 */
record Proposal(Stored stored, Plan plan, @Nullable RouteResponse route) {

  /** Whether it computes what other calls can use. */
  boolean isShared() {
    return route != null && plan.makesBlocks();
  }

  /** Blocks that the directory names and whose bytes are gone. */
  int gone() {
    return stored.named() - stored.anywhere();
  }
}
