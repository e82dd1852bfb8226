package io.membrane.scheduler.planning;

import io.membrane.scheduler.planning.Plan.Advice;
import io.membrane.scheduler.planning.Plan.Change;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.search.Landscape;
import io.membrane.scheduler.search.Objective;
import io.membrane.scheduler.search.Search;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.InstanceType;
import io.membrane.scheduler.throughput.PrefillCluster;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Tries single changes of a fleet: an instance more, one less where that costs nothing, one kind
 * for another, a thicker link. Each is the best configuration of the changed fleet, searched anew;
 * at most {@value #MAX_SEARCHES} are.
 */
final class Advisor {

  static final int MAX_SEARCHES = 256;

  private static final double WIDER = 1.1;

  /** No link needs to be this much thicker: the search for enough ends here. */
  private static final double WIDEST = 1024;

  /** How exactly "enough" is found. */
  private static final double ENOUGH = 1.001;

  /** What counts as no change of Λ. */
  private static final double SAME = 1e-6;

  private final PlanInput input;
  private final Landscape land;
  private final Configuration now;
  private final Stages stages;
  private final Runnable checkpoint;
  private final Alternatives alternatives;
  private final List<Advice> advice = new ArrayList<>();
  private int searches;

  Advisor(PlanInput input, Landscape land, Configuration now, Stages stages, Runnable checkpoint) {
    this.input = input;
    this.land = land;
    this.now = now;
    this.stages = stages;
    this.checkpoint = checkpoint;
    this.alternatives = new Alternatives(input.fleet());
  }

  List<Advice> advice() {
    for (String cluster : alternatives.clusters()) {
      for (InstanceType type : alternatives.types(cluster)) {
        add(cluster, type);
        remove(cluster, type);
      }
    }
    input.fleet().prefill().forEach(this::widen);
    for (String cluster : alternatives.clusters()) {
      for (InstanceType gone : alternatives.types(cluster)) {
        for (InstanceType come : alternatives.allTypes()) {
          replace(cluster, gone, come);
        }
      }
    }
    return advice.stream().sorted(bestFirst()).toList();
  }

  private Comparator<Advice> bestFirst() {
    Comparator<Advice> byGain = Comparator.comparingDouble(a -> -a.gainRps());
    Comparator<Advice> byPrice =
        Comparator.comparingDouble(a -> orInfinity(a.usdPerMillionRequests()));
    Comparator<Advice> first =
        switch (input.objective()) {
          case THROUGHPUT -> byGain.thenComparing(byPrice);
          case COST -> byPrice.thenComparing(byGain);
        };
    return first
        .thenComparingDouble(a -> orInfinity(a.extraUsdPerHour()))
        .thenComparing(Advice::text);
  }

  private static double orInfinity(@Nullable Double value) {
    return value == null ? Double.POSITIVE_INFINITY : value;
  }

  private void add(String cluster, InstanceType type) {
    Fleet changed = alternatives.with(cluster, type, 1);
    Configuration at = search(changed);
    if (changed != null && at != null) {
      instance(
          Change.ADD_INSTANCE,
          cluster,
          type,
          changed,
          at,
          "one more %s instance in '%s'".formatted(type.name(), cluster));
    }
  }

  private void remove(String cluster, InstanceType type) {
    Fleet changed = alternatives.with(cluster, type, -1);
    Configuration at = search(changed);
    if (changed != null && at != null && at.sustainedRps() >= now.sustainedRps() * (1 - SAME)) {
      instance(
          Change.REMOVE_INSTANCE,
          cluster,
          type,
          changed,
          at,
          "one %s instance less in '%s'".formatted(type.name(), cluster));
    }
  }

  private void replace(String cluster, InstanceType gone, InstanceType come) {
    if (gone.name().equals(come.name())) {
      return;
    }
    Fleet changed = alternatives.exchanged(cluster, gone, come);
    Configuration at = search(changed);
    if (changed != null && at != null && at.sustainedRps() > now.sustainedRps() * (1 + SAME)) {
      instance(
          Change.REPLACE_INSTANCE,
          cluster,
          come,
          changed,
          at,
          "one %s instance in place of a %s in '%s'".formatted(come.name(), gone.name(), cluster));
    }
  }

  private void widen(PrefillCluster cluster) {
    Configuration wider = search(alternatives.widened(cluster.name(), WIDER));
    if (wider == null) {
      return;
    }
    link(cluster, WIDER, wider, "a link of %.4g Gbps, a tenth more, for '%s'");
    Configuration widest = search(alternatives.widened(cluster.name(), WIDEST));
    if (!stages.linkBinds(cluster.name()) || widest == null || !gains(widest)) {
      return;
    }
    double enough = widest.sustainedRps() * (1 - SAME);
    double low = 1;
    double high = WIDEST;
    Configuration at = widest;
    while (high / low > ENOUGH) {
      double middle = Math.sqrt(low * high);
      Configuration tried = search(alternatives.widened(cluster.name(), middle));
      if (tried == null) {
        return;
      }
      if (tried.sustainedRps() >= enough) {
        high = middle;
        at = tried;
      } else {
        low = middle;
      }
    }
    link(
        cluster,
        high,
        at,
        String.format(Locale.ROOT, "%.3g Gbps more", cluster.linkGbps() * (high - 1))
            + ", %.4g Gbps in all, for '%s': the link then stops binding");
  }

  private boolean gains(Configuration at) {
    return at.sustainedRps() > now.sustainedRps() * (1 + SAME);
  }

  /** The best of a changed fleet; null if there is no such fleet or enough was searched. */
  private @Nullable Configuration search(@Nullable Fleet changed) {
    if (changed == null || searches == MAX_SEARCHES) {
      return null;
    }
    searches++;
    Configuration at = Search.best(changed, land, input.objective(), checkpoint);
    return at.sustainedRps() > 0 ? at : null;
  }

  private void instance(
      Change change,
      String cluster,
      InstanceType type,
      Fleet changed,
      Configuration at,
      String what) {
    Double extra = input.priced() ? changed.usdPerHour() - input.fleet().usdPerHour() : null;
    advice.add(
        new Advice(
            change,
            cluster,
            type.name(),
            null,
            what + effect(at),
            at.sustainedRps(),
            at.sustainedRps() - now.sustainedRps(),
            at.sustainedRps() / now.sustainedRps() - 1,
            usdPerMillion(at),
            extra));
  }

  private void link(PrefillCluster cluster, double factor, Configuration at, String what) {
    double gbps = cluster.linkGbps() * factor;
    advice.add(
        new Advice(
            Change.WIDEN_LINK,
            cluster.name(),
            null,
            gbps,
            String.format(Locale.ROOT, what, gbps, cluster.name()) + effect(at),
            at.sustainedRps(),
            at.sustainedRps() - now.sustainedRps(),
            at.sustainedRps() / now.sustainedRps() - 1,
            usdPerMillion(at),
            null));
  }

  private @Nullable Double usdPerMillion(Configuration at) {
    return input.priced() ? at.usdPerRequest() * Money.MILLION : null;
  }

  private String effect(Configuration at) {
    double ratio = at.sustainedRps() / now.sustainedRps() - 1;
    if (Math.abs(ratio) <= SAME) {
      return input.objective() == Objective.COST && !sameCost(at)
          ? ": sustains as much, at another price"
          : ": changes nothing in what the fleet sustains";
    }
    return String.format(
        Locale.ROOT,
        ": %.3f instead of %.3f rps (%+.1f %%)",
        at.sustainedRps(),
        now.sustainedRps(),
        100 * ratio);
  }

  private boolean sameCost(Configuration at) {
    return Math.abs(at.usdPerRequest() / now.usdPerRequest() - 1) <= SAME;
  }
}
