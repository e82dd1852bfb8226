package io.membrane.scheduler.routing;

import io.membrane.wire.SchedulerClient.Transfer;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A prompt prefilled at one candidate.
 *
 * @param cachedTokens prefix that it has once the transfer is done
 * @param transfer from where the prefix comes; null if it is the candidate's own
 * @param tokensInFlight that its cluster computes
 * @param terms null if a cost is unknown
 */
record Option(
    Candidate candidate,
    ClusterCondition condition,
    int cachedTokens,
    @Nullable Transfer transfer,
    long tokensInFlight,
    @Nullable Terms terms) {

  /**
   * Of several options in the order of their names, the cheapest if all costs are known, otherwise
   * the one with the longest cache of its own. Of equally cheap ones the longest cache wins, then
   * the fewest tokens in flight, then the name.
   */
  static Option best(List<Option> options) {
    Option best = options.getFirst();
    boolean priced = true;
    for (Option o : options) {
      priced &= o.terms != null;
    }
    for (Option o : options) {
      if (o.before(best, priced)) {
        best = o;
      }
    }
    return best;
  }

  /** Of options in the order of their names, the cheapest whose terms are these; null if none. */
  static @Nullable Option cheapest(List<Option> options, Predicate<Terms> these) {
    @Nullable Option best = null;
    for (Option o : options) {
      if (o.terms != null && these.test(o.terms) && (best == null || o.before(best, true))) {
        best = o;
      }
    }
    return best;
  }

  private boolean before(Option other, boolean priced) {
    if (priced && terms != null && other.terms != null) {
      int order = Double.compare(terms.totalUsd(), other.terms.totalUsd());
      if (order != 0) {
        return order < 0;
      }
    }
    int longer = candidate.cachedTokens() - other.candidate.cachedTokens();
    return longer > 0 || (longer == 0 && tokensInFlight < other.tokensInFlight);
  }
}
