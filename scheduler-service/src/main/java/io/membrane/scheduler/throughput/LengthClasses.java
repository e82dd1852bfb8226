package io.membrane.scheduler.throughput;

/**
 * What a threshold t makes of a workload.
 *
 * @param offloaded p = P(L > t)
 * @param longTokens l_long = E[L | L > t]; the longest length if nothing is longer than t
 * @param shortTokens l_short = E[L | L ≤ t]; the shortest length if everything is longer than t
 */
public record LengthClasses(double offloaded, double longTokens, double shortTokens) {}
