package io.membrane.scheduler.routing;

import io.membrane.wire.SchedulerClient.Role;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A prompt that looks for a cluster.
 *
 * @param totalTokens length of the prompt, ≥ 1
 * @param candidates at least one
 * @param deadline time to first token that is wanted at most; null if none
 */
public record RouteQuery(int totalTokens, List<Candidate> candidates, @Nullable Duration deadline) {

  /** Refuses an empty prompt, no candidates, and a deadline that has passed. */
  public RouteQuery {
    candidates = List.copyOf(candidates);
    if (totalTokens < 1) {
      throw new IllegalArgumentException("a prompt has at least 1 token, not " + totalTokens);
    }
    if (candidates.isEmpty()) {
      throw new IllegalArgumentException("a prompt needs at least one candidate");
    }
    if (deadline != null && !deadline.isPositive()) {
      throw new IllegalArgumentException("a deadline lies ahead, not at " + deadline);
    }
  }

  /** Length less the longest cache of a pd cluster. */
  public int uncachedTokens() {
    int cached = 0;
    for (Candidate c : candidates) {
      cached = c.role() == Role.PD ? Math.max(cached, c.cachedTokens()) : cached;
    }
    return totalTokens - cached;
  }
}
