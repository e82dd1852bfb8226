package io.membrane.scheduler.routing;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The numbers that a decision was made of, kept to tell its reason if anybody asks.
 *
 * @param missing which role nobody was there for; empty if both were
 * @param holder whose cache the length rule counted
 * @param cachedTokens how much of the prompt the holder has
 * @param unpaid the offload that would have cost too much; null if there was none
 * @param passedOver what was too late or too busy; null if the other rules' choice stands
 * @param chosen terms of the target; null if unknown
 * @param leftOut clusters that take nothing new, by name
 */
record Grounds(
    int totalTokens,
    String missing,
    String holder,
    int cachedTokens,
    @Nullable Terms unpaid,
    @Nullable Terms passedOver,
    @Nullable Terms chosen,
    @Nullable Duration deadline,
    List<ClusterCondition> leftOut) {}
