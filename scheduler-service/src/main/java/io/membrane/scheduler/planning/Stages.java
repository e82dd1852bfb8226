package io.membrane.scheduler.planning;

import io.membrane.scheduler.planning.Plan.StageLoad;
import io.membrane.scheduler.planning.Plan.StageUse;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.Throughput;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What each stage of a configuration allows. */
final class Stages {

  private static final double FULL = 0.999;

  /**
   * A stage.
   *
   * @param rps Λ at which it is full; infinite if it serves nobody
   */
  private record Limit(Stage stage, @Nullable String cluster, double rps) {}

  private final double sustained;
  private final List<Limit> limits = new ArrayList<>();

  Stages(Fleet fleet, Configuration at) {
    this.sustained = at.sustainedRps();
    double p = at.classes().offloaded();
    double tokens = at.classes().longTokens();
    double bytes = fleet.kvBytes().at(tokens);
    for (PrefillCluster c : fleet.prefill()) {
      double share = p * c.rps(tokens, bytes) / at.prefillClustersRps();
      double compute = c.computeRps(tokens);
      if (compute > 0) {
        limits.add(
            new Limit(Stage.PREFILL_CLUSTER, c.name(), Throughput.carriedRps(compute, share)));
        limits.add(
            new Limit(
                Stage.LINK,
                c.name(),
                Throughput.carriedRps(c.linkGbps() / Throughput.gigabits(bytes), share)));
      }
    }
    limits.add(
        new Limit(Stage.LOCAL_PREFILL, null, Throughput.carriedRps(at.localPrefillRps(), 1 - p)));
    limits.add(new Limit(Stage.DECODE, null, at.decodeRps()));
  }

  /** The lowest limit; the earlier stage of equals. */
  Stage binding() {
    return limits.stream()
        .min(Comparator.comparingDouble(Limit::rps).thenComparing(Limit::stage))
        .orElseThrow()
        .stage();
  }

  /** Whether a cluster's link is full at Λ_max. */
  boolean linkBinds(String cluster) {
    return limits.stream()
        .anyMatch(
            l -> l.stage == Stage.LINK && cluster.equals(l.cluster) && sustained >= FULL * l.rps);
  }

  List<StageLoad> loads() {
    return limits.stream()
        .map(l -> {
          double utilisation = Math.min(1, sustained / l.rps);
          return new StageLoad(
              l.stage,
              l.cluster,
              Double.isFinite(l.rps) ? l.rps : null,
              utilisation,
              1 - utilisation,
              utilisation >= FULL);
        })
        .toList();
  }

  List<StageUse> at(double arrivalRps) {
    return limits.stream().map(l -> new StageUse(l.stage, l.cluster, arrivalRps / l.rps)).toList();
  }
}
