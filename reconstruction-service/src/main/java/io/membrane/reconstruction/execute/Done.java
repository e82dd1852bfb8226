package io.membrane.reconstruction.execute;

import io.membrane.reconstruction.plan.Plan;
import io.membrane.wire.PrefillResponse.NextToken;
import io.membrane.wire.ReconstructionClient.PlanResponse;
import io.membrane.wire.SchedulerClient.RouteResponse;
import org.jspecify.annotations.Nullable;

/**
 * What was done in the end.
 *
 * @param plan as it was carried out
 * @param planned as it was made
 * @param tail what lies behind the last full block, if it was asked for
 * @param stale blocks that the directory named and that could not be had
 * @param declined blocks that could be had and were computed, since that was, or was expected to
 *     be, faster
 * @param savedMs what computing the reused tokens would have taken, less what fetching them took
 */
record Done(
    Plan plan,
    PlanResponse planned,
    @Nullable RouteResponse route,
    @Nullable NextToken nextToken,
    @Nullable HeldTail tail,
    int stale,
    int declined,
    double savedMs,
    Flight flight) {}
