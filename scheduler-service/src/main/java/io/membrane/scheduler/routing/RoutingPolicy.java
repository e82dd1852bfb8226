package io.membrane.scheduler.routing;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.SchedulerClient.Regime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Where a prompt is prefilled. Goals, in this order: never where it cannot be done; what the length
 * rule of arXiv:2604.15039v2, section 3.4.3, says; the lowest price; the deadline.
 *
 * <p>Algorithm:
 *
 * <ol>
 *   <li>Clusters that are gone or draining are left out. If one role is left, it takes every
 *       prompt.
 *   <li>The best pd cluster, its own cache counted, stands for those who decode. Each prefill
 *       cluster is asked the length rule in the regime of its link and with its effective
 *       threshold. Scarce bandwidth, no cache crosses: l_total − l_pd ≤ t stays local. Abundant
 *       bandwidth: l_total − l_prefix ≤ t stays local, l_prefix being the longest cache at the pd
 *       cluster or behind any abundant link; a cache that is strictly longer and in the other
 *       cluster is moved to the target.
 *   <li>Of several clusters that may have the prompt the cheapest gets it, if the costs of all are
 *       known; otherwise the one with the longest cache, of these the one with the fewest tokens in
 *       flight; ties by name.
 *   <li>An offload stands only if it does not cost more than the prefill where it is decoded, if
 *       both costs are known ({@link Terms}). Where local prompts wait, staying costs those behind
 *       it the prompt's wait and prefill too.
 *   <li>If that comes later than the deadline, the cheapest candidate that does not is taken.
 *       Likewise if the prompt would have to wait there, and its wait and prefill together are
 *       longer than the longest wait. If no candidate is known to be sooner and not that busy, the
 *       prompt is refused: a queue that grows serves nobody, and short prompts, which hold up
 *       others least, are still taken.
 *   <li>In the target, the node with the fewest tokens to do gets it: those queued, or in flight if
 *       these are more, and those of the prompt that it does not have; ties by name.
 * </ol>
 *
 * The paper knows rule 2 with one cluster of each role; the others are OURS. Where no cost is known
 * and nothing is congested, rule 2 and the longest cache decide alone. Immutable and thread-safe.
 */
public final class RoutingPolicy {

  private static final Comparator<Option> BY_NAME =
      Comparator.comparing(o -> o.candidate().cluster());

  private final double usdPerSecond;
  private final double maxWaitSeconds;

  /** A policy. */
  public RoutingPolicy(RoutingSettings settings) {
    this.usdPerSecond = settings.usdPerSecond();
    this.maxWaitSeconds = Reason.seconds(settings.maxWait());
  }

  /**
   * What rules 1 to 4 say.
   *
   * @param link of the prefill cluster that was looked at
   * @param holder whose cache the length rule counted
   * @param unpaid offload that rule 4 refused; null if it did not
   * @param options in the order of their names
   */
  private record Verdict(
      Option chosen,
      Rule rule,
      ClusterCondition link,
      Candidate holder,
      @Nullable Terms unpaid,
      List<Option> options) {}

  /**
   * Decides; the decision is not yet counted as in flight.
   *
   * @param nowNanos of the clock that {@code inFlight} is kept by
   * @throws MembraneException {@link ErrorCode#IMPOSSIBLE_REQUEST} if a cluster is named twice or
   *     holds more tokens than the prompt has; {@link ErrorCode#DEPENDENCY_UNAVAILABLE} if no
   *     candidate is up; {@link ErrorCode#OVERLOADED} if all are too busy
   */
  public Decision decide(RouteQuery query, FleetState state, InFlight inFlight, long nowNanos) {
    Offer offer = Offer.of(query, state);
    Pricing pricing = new Pricing(usdPerSecond, query.totalTokens(), state, inFlight, nowNanos);
    Verdict verdict =
        offer.missing().isEmpty()
            ? lengthAndCost(query.totalTokens(), state, offer, pricing)
            : onlyRole(state, offer, pricing);
    @Nullable Option instead = instead(query.deadline(), verdict);
    Option chosen = instead == null ? verdict.chosen : instead;
    @Nullable Terms passedOver = instead == null ? null : verdict.chosen.terms();
    Candidate target = chosen.candidate();
    return new Decision(
        target.cluster(),
        target.role(),
        node(target, query.totalTokens(), inFlight, nowNanos),
        query.totalTokens() - chosen.cachedTokens(),
        state.thresholdTokens(),
        verdict.link.effectiveThresholdTokens(),
        verdict.link.regime(),
        chosen.transfer(),
        passedOver == null ? verdict.rule : isTooBusy(passedOver) ? Rule.MAX_WAIT : Rule.DEADLINE,
        terms(verdict.options),
        new Grounds(
            query.totalTokens(),
            offer.missing(),
            verdict.holder.cluster(),
            verdict.holder.cachedTokens(),
            verdict.unpaid,
            passedOver,
            chosen.terms(),
            query.deadline(),
            offer.leftOut()));
  }

  private static Verdict onlyRole(FleetState state, Offer offer, Pricing pricing) {
    List<Option> options = new ArrayList<>();
    for (Candidate c : offer.pd()) {
      options.add(pricing.local(c, null));
    }
    for (Candidate c : offer.prefill()) {
      options.add(pricing.remote(c, null));
    }
    Option best = Option.best(options);
    Candidate target = best.candidate();
    ClusterCondition link =
        offer.prefill().isEmpty()
            ? ClusterCondition.up(target.cluster(), state.thresholdTokens(), state.regime())
            : best.condition();
    return new Verdict(best, Rule.ONLY_ROLE, link, target, null, options);
  }

  private Verdict lengthAndCost(int totalTokens, FleetState state, Offer offer, Pricing pricing) {
    List<Option> options = new ArrayList<>(offer.pd().size() + offer.prefill().size());
    for (Candidate c : offer.pd()) {
      options.add(pricing.local(c, null));
    }
    Option local = Option.best(options);
    Candidate pd = local.candidate();
    @Nullable Candidate longer = longerThan(pd.cachedTokens(), offer.prefill(), state);
    if (longer != null) {
      options.remove(local);
      local = pricing.local(pd, longer);
      options.add(local);
    }
    List<Option> takers = new ArrayList<>(offer.prefill().size());
    @Nullable Option nearest = null;
    int nearestExcess = 0;
    for (Candidate c : offer.prefill()) {
      Option remote = pricing.remote(c, pd);
      options.add(remote);
      int uncached = totalTokens - holder(remote, pd, longer).cachedTokens();
      int excess = uncached - remote.condition().effectiveThresholdTokens();
      if (excess > 0) {
        takers.add(remote);
      }
      if (nearest == null || excess > nearestExcess) {
        nearest = remote;
        nearestExcess = excess;
      }
    }
    options.sort(BY_NAME);
    if (takers.isEmpty() && nearest != null) {
      Candidate holder = holder(nearest, pd, longer);
      return new Verdict(local, Rule.LENGTH, nearest.condition(), holder, null, options);
    }
    Option remote = Option.best(takers);
    Candidate holder = holder(remote, pd, longer);
    @Nullable Terms there = remote.terms();
    @Nullable Terms here = local.terms();
    if (there != null && here != null && there.totalUsd() > here.totalUsd() + crowding(here)) {
      return new Verdict(
          local, Rule.TRANSFER_DOES_NOT_PAY, remote.condition(), holder, there, options);
    }
    return new Verdict(remote, Rule.LENGTH, remote.condition(), holder, null, options);
  }

  /**
   * What a prompt that stays costs others. Where local prompts wait already, those that come while
   * it waits and runs wait for it too; without this each prompt would do what is best for itself
   * and all would wait longer.
   */
  private double crowding(Terms here) {
    return here.waitSeconds() > 0 ? usdPerSecond * (here.waitSeconds() + here.prefillSeconds()) : 0;
  }

  /** Whose cache the length rule counts for a prefill cluster. */
  private static Candidate holder(Option remote, Candidate pd, @Nullable Candidate longer) {
    return longer != null && remote.condition().regime() == Regime.ABUNDANT ? longer : pd;
  }

  /** The longest cache behind an abundant link; null if none is longer than this. */
  private static @Nullable Candidate longerThan(
      int tokens, List<Candidate> prefill, FleetState state) {
    @Nullable Candidate longest = null;
    int most = tokens;
    for (Candidate c : prefill) {
      if (c.cachedTokens() > most && state.of(c.cluster()).regime() == Regime.ABUNDANT) {
        longest = c;
        most = c.cachedTokens();
      }
    }
    return longest;
  }

  /** What is taken instead of the other rules' choice (rule 5); null if that stands. */
  private @Nullable Option instead(@Nullable Duration deadline, Verdict verdict) {
    @Nullable Terms expected = verdict.chosen.terms();
    if (expected == null) {
      return null;
    }
    double seconds = deadline == null ? Double.POSITIVE_INFINITY : Reason.seconds(deadline);
    boolean tooBusy = isTooBusy(expected);
    if (!tooBusy && expected.ttftSeconds() <= seconds) {
      return null;
    }
    Predicate<Terms> better = t -> !isTooBusy(t) && t.ttftSeconds() < expected.ttftSeconds();
    @Nullable Option inTime =
        Option.cheapest(verdict.options, better.and(t -> t.ttftSeconds() <= seconds));
    if (inTime != null || !tooBusy) {
      return inTime;
    }
    @Nullable Option later = Option.cheapest(verdict.options, better);
    if (later == null) {
      throw tooBusy(expected);
    }
    return later;
  }

  private boolean isTooBusy(Terms there) {
    return there.waitSeconds() > 0 && there.waitSeconds() + there.prefillSeconds() > maxWaitSeconds;
  }

  private MembraneException tooBusy(Terms there) {
    return new MembraneException(
        ErrorCode.OVERLOADED,
        ("the prompt would wait %.1f s at '%s' and be prefilled for %.1f s, together longer than the"
                + " %.1f s of max-wait, and no cluster is known to be sooner; compute it where it"
                + " came from, or try again")
            .formatted(
                there.waitSeconds(), there.cluster(), there.prefillSeconds(), maxWaitSeconds));
  }

  private static @Nullable String node(
      Candidate target, int totalTokens, InFlight inFlight, long nowNanos) {
    @Nullable NodeCandidate best = null;
    long fewest = Long.MAX_VALUE;
    for (NodeCandidate n : target.nodes()) {
      long ahead = inFlight.of(target.cluster(), n.node(), nowNanos).tokens();
      long tokens = Math.max(n.queuedTokens(), ahead) + totalTokens - n.cachedTokens();
      if (best == null
          || tokens < fewest
          || (tokens == fewest && n.node().compareTo(best.node()) < 0)) {
        best = n;
        fewest = tokens;
      }
    }
    return best == null ? null : best.node();
  }

  private static List<Terms> terms(List<Option> options) {
    List<Terms> terms = new ArrayList<>(options.size());
    for (Option o : options) {
      @Nullable Terms known = o.terms();
      if (known != null) {
        terms.add(known);
      }
    }
    return terms;
  }
}
