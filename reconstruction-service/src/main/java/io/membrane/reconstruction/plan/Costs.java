package io.membrane.reconstruction.plan;

import org.jspecify.annotations.Nullable;

/**
 * What steps take.
 *
 * @param profile of the worker that would compute; null as long as it has none
 * @param leastGainMs by which a plan has to be faster than fetching all that there is: a worker's
 *     time is what others wait for, and costs are estimates
 * @param endsAnywhere whether fetching may end behind any block; otherwise only where what one
 *     cluster has ends, since a block before that may lack the state to compute behind
 */
public record Costs(
    Links links, @Nullable PrefillProfile profile, double leastGainMs, boolean endsAnywhere) {}
