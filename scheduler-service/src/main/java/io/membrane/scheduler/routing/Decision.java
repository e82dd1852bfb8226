package io.membrane.scheduler.routing;

import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import io.membrane.wire.SchedulerClient.Transfer;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Where a prompt is prefilled, and why.
 *
 * @param target cluster that prefills
 * @param role the target's role
 * @param node of the target; null if none was offered
 * @param incrementalTokens tokens that the target has to compute
 * @param thresholdTokens t
 * @param effectiveThresholdTokens t as raised on the link of the prefill cluster that was looked at
 * @param regime of that link
 * @param transfer cached prefix to move to the target first, or null
 * @param rule that had the last word
 * @param terms of every candidate that is up and whose costs are known, by name
 * @param grounds what the reason is told from
 */
public record Decision(
    String target,
    Role role,
    @Nullable String node,
    int incrementalTokens,
    int thresholdTokens,
    int effectiveThresholdTokens,
    Regime regime,
    @Nullable Transfer transfer,
    Rule rule,
    List<Terms> terms,
    Grounds grounds) {

  /** Length of the prompt less the cache that the length rule counted. */
  public int uncachedTokens() {
    return grounds.totalTokens() - grounds.cachedTokens();
  }

  /** Expected time to first token; empty if the target's costs are unknown. */
  public OptionalDouble ttftSeconds() {
    @Nullable Terms chosen = grounds.chosen();
    return chosen == null ? OptionalDouble.empty() : OptionalDouble.of(chosen.ttftSeconds());
  }

  /** KV that leaves a prefill cluster; empty if the target's costs are unknown. */
  public OptionalDouble egressBytes() {
    @Nullable Terms chosen = grounds.chosen();
    return chosen == null ? OptionalDouble.empty() : OptionalDouble.of(chosen.egressBytes());
  }

  /** The rules that decided, with their numbers. Told anew at each call. */
  public String reason() {
    return Reason.of(this);
  }
}
