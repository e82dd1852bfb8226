package io.membrane.scheduler.routing;

import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The rules of routing one after the other, slowly, over streams of names. */
final class RoutingOracle {

  private final RouteQuery query;
  private final FleetState state;
  private final InFlight inFlight;
  private double usdPerSecond;

  /** Expected time to first token of what was decided; -1 if unknown. */
  double ttftSeconds = -1;

  RoutingOracle(RouteQuery query, FleetState state, InFlight inFlight) {
    this.query = query;
    this.state = state;
    this.inFlight = inFlight;
  }

  /** A candidate as a target: where a prefix comes from, and what it takes; NaN if unknown. */
  private record Target(
      Candidate c,
      int cached,
      @Nullable String from,
      double queued,
      double prefill,
      double ttft,
      double usd,
      long inFlight) {}

  static String told(Decision d) {
    return "%s/%s computes %d by %s at %d, moving %s"
        .formatted(
            d.target(),
            d.node(),
            d.incrementalTokens(),
            d.rule(),
            d.effectiveThresholdTokens(),
            d.transfer());
  }

  /** What {@link #told} should tell, or the name of the error. */
  String decide(RoutingSettings settings) {
    this.usdPerSecond = settings.usdPerSecond();
    List<Candidate> pds = up(Role.PD);
    List<Candidate> prefills = up(Role.PREFILL);
    if (pds.isEmpty() && prefills.isEmpty()) {
      return "DEPENDENCY_UNAVAILABLE";
    }
    List<Target> all = new ArrayList<>();
    Target chosen;
    Rule rule = Rule.LENGTH;
    int threshold = state.thresholdTokens();
    if (prefills.isEmpty() || pds.isEmpty()) {
      pds.forEach(c -> all.add(local(c, null)));
      prefills.forEach(c -> all.add(remote(c, null)));
      chosen = best(all);
      rule = Rule.ONLY_ROLE;
      threshold =
          prefills.isEmpty() ? threshold : state.of(chosen.c.cluster()).effectiveThresholdTokens();
    } else {
      List<Target> locals = pds.stream().map(c -> local(c, null)).toList();
      Candidate pd = best(locals).c;
      @Nullable Candidate rich =
          prefills.stream()
              .filter(c -> state.of(c.cluster()).regime() == Regime.ABUNDANT)
              .filter(c -> c.cachedTokens() > pd.cachedTokens())
              .max(Comparator.comparingInt(Candidate::cachedTokens).thenComparing(descending()))
              .orElse(null);
      Target home = local(pd, rich);
      locals.stream().filter(t -> !t.c.equals(pd)).forEach(all::add);
      all.add(home);
      List<Target> remotes = prefills.stream().map(c -> remote(c, pd)).toList();
      all.addAll(remotes);
      ToDoubleFunction<Target> excess =
          t -> {
            boolean crosses = state.of(t.c.cluster()).regime() == Regime.ABUNDANT;
            int prefix = crosses && rich != null ? rich.cachedTokens() : pd.cachedTokens();
            return query.totalTokens()
                - prefix
                - state.of(t.c.cluster()).effectiveThresholdTokens();
          };
      Predicate<Target> takes = t -> excess.applyAsDouble(t) > 0;
      if (remotes.stream().noneMatch(takes)) {
        chosen = home;
        Target nearest =
            remotes.stream()
                .max(Comparator.comparingDouble(excess).thenComparing(t -> t.c, descending()))
                .orElseThrow();
        threshold = state.of(nearest.c.cluster()).effectiveThresholdTokens();
      } else {
        Target away = best(remotes.stream().filter(takes).toList());
        threshold = state.of(away.c.cluster()).effectiveThresholdTokens();
        double others = home.queued > 0 ? usdPerSecond * (home.queued + home.prefill) : 0;
        boolean pays = !(away.usd > home.usd + others);
        chosen = pays ? away : home;
        rule = pays ? Rule.LENGTH : Rule.TRANSFER_DOES_NOT_PAY;
      }
    }
    Predicate<Target> busy =
        t -> t.queued > 0 && t.queued + t.prefill > settings.maxWait().toMillis() / 1e3;
    List<Target> calm = all.stream().filter(t -> !Double.isNaN(t.ttft) && !busy.test(t)).toList();
    double limit = query.deadline() == null ? 1e99 : query.deadline().toNanos() / 1e9;
    List<Target> inTime = calm.stream().filter(t -> t.ttft <= limit).toList();
    if (busy.test(chosen)) {
      double late = chosen.ttft;
      List<Target> sooner = calm.stream().filter(t -> t.ttft < late).toList();
      if (sooner.isEmpty()) {
        return "OVERLOADED";
      }
      List<Target> both = sooner.stream().filter(inTime::contains).toList();
      chosen = best(both.isEmpty() ? sooner : both);
      rule = Rule.MAX_WAIT;
    } else if (chosen.ttft > limit && !inTime.isEmpty()) {
      chosen = best(inTime);
      rule = Rule.DEADLINE;
    }
    ttftSeconds = Double.isNaN(chosen.ttft) ? -1 : chosen.ttft;
    String moves =
        chosen.from == null
            ? "null"
            : "Transfer[from=%s, to=%s, tokens=%d]"
                .formatted(chosen.from, chosen.c.cluster(), chosen.cached);
    return "%s/%s computes %d by %s at %d, moving %s"
        .formatted(
            chosen.c.cluster(),
            node(chosen.c),
            query.totalTokens() - chosen.cached,
            rule,
            threshold,
            moves);
  }

  private List<Candidate> up(Role role) {
    return query.candidates().stream()
        .filter(c -> c.role() == role)
        .filter(c -> state.of(c.cluster()).availability() == Availability.UP)
        .toList();
  }

  private static Comparator<Candidate> descending() {
    return Comparator.comparing(Candidate::cluster).reversed();
  }

  private static Target best(List<Target> targets) {
    Comparator<Target> order =
        Comparator.<Target>comparingInt(t -> -t.c.cachedTokens())
            .thenComparingLong(t -> t.inFlight)
            .thenComparing(t -> t.c.cluster());
    boolean priced = targets.stream().noneMatch(t -> Double.isNaN(t.usd));
    return targets.stream()
        .min(priced ? Comparator.<Target>comparingDouble(t -> t.usd).thenComparing(order) : order)
        .orElseThrow();
  }

  private Target local(Candidate pd, @Nullable Candidate rich) {
    if (rich == null) {
      return target(pd, pd.cachedTokens(), null, 0, 0);
    }
    double gb = gb(rich, rich.cachedTokens() - pd.cachedTokens());
    double seconds = gb * 8 / link(rich);
    return target(pd, rich.cachedTokens(), rich.cluster(), seconds, gb * usdPerGb(rich));
  }

  private Target remote(Candidate c, @Nullable Candidate pd) {
    int there = pd == null ? 0 : pd.cachedTokens();
    double gb = gb(c, query.totalTokens() - there);
    if (pd != null
        && there > c.cachedTokens()
        && state.of(c.cluster()).regime() == Regime.ABUNDANT) {
      double moved = gb(pd, there - c.cachedTokens());
      double usd = gb * usdPerGb(c) + moved * usdPerGb(pd);
      return target(c, there, pd.cluster(), gb * 8 / link(c) + moved * 8 / link(c), usd);
    }
    return target(c, c.cachedTokens(), null, gb * 8 / link(c), gb * usdPerGb(c));
  }

  private Target target(
      Candidate c, int cached, @Nullable String from, double transfer, double egressUsd) {
    @Nullable ClusterCost cost = state.of(c.cluster()).cost();
    InFlight.Load load = inFlight.of(c.cluster(), 0);
    if (cost == null || Double.isNaN(transfer) || Double.isNaN(egressUsd)) {
      return new Target(c, cached, from, 0, 0, Double.NaN, Double.NaN, load.tokens());
    }
    double wait = 0;
    if (load.requests() >= cost.instances()) {
      double mean = load.seconds() / load.requests();
      wait = (load.requests() - cost.instances() + 1) * mean / cost.instances();
    }
    double prefill = cost.prefillSeconds().at(query.totalTokens() - cached);
    wait = Math.max(wait, state.of(c.cluster()).waitSeconds());
    double ttft = wait + prefill + transfer;
    double usd = usdPerSecond * ttft + prefill * cost.usdPerInstanceSecond() + egressUsd;
    return new Target(c, cached, from, wait, prefill, ttft, usd, load.tokens());
  }

  private double gb(Candidate c, int tokens) {
    @Nullable ClusterCost cost = state.of(c.cluster()).cost();
    return cost == null ? Double.NaN : cost.kvBytes().at(tokens) / 1e9;
  }

  private double usdPerGb(Candidate c) {
    @Nullable ClusterCost cost = state.of(c.cluster()).cost();
    return cost == null ? Double.NaN : cost.usdPerGb();
  }

  private double link(Candidate c) {
    double gbps = state.of(c.cluster()).linkGbps();
    return gbps == 0 ? Double.NaN : gbps;
  }

  private @Nullable String node(Candidate c) {
    return c.nodes().stream()
        .min(
            Comparator.<NodeCandidate>comparingLong(n ->
                    Math.max(n.queuedTokens(), inFlight.of(c.cluster(), n.node(), 0).tokens())
                        + query.totalTokens()
                        - n.cachedTokens())
                .thenComparing(NodeCandidate::node))
        .map(NodeCandidate::node)
        .orElse(null);
  }
}
