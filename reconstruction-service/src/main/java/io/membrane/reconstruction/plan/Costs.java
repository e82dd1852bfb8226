package io.membrane.reconstruction.plan;

import org.jspecify.annotations.Nullable;

/**
 * What steps take.
 *
 * @param profile of the worker that would compute; null as long as it has none
 * @param leastGainMs by which a plan has to be faster than fetching all that there is: a worker's
 *     time is what others wait for, and costs are estimates
 */
public record Costs(Links links, @Nullable PrefillProfile profile, double leastGainMs) {}
