package io.membrane.scheduler.planning;

import io.membrane.scheduler.planning.Plan.AtRate;
import io.membrane.scheduler.planning.Plan.Baselines;
import io.membrane.scheduler.planning.Plan.Figures;
import io.membrane.scheduler.planning.Plan.Ratios;
import io.membrane.scheduler.planning.Plan.Sensitivity;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.search.FirstToken;
import io.membrane.scheduler.search.Landscape;
import io.membrane.scheduler.search.Search;
import io.membrane.scheduler.search.ThresholdRange;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.PrefillCluster;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One plan in the making. */
final class Planner {

  /** Of the links; over the case study's 100 Gbps they are 100 down to 5 Gbps. */
  private static final double[] FACTORS = {1, 0.5, 0.25, 0.2, 0.15, 0.12, 0.1, 0.08, 0.05};

  private static final int CURVE_POINTS = 256;

  /** So that an instance more or of another kind can be searched too. */
  private static final int MAX_SPLITS = Search.MAX_SPLITS / 2;

  private final PlanInput input;
  private final Runnable checkpoint;
  private final Fleet fleet;
  private final Landscape land;

  Planner(PlanInput input, Runnable checkpoint) {
    this.input = input;
    this.checkpoint = checkpoint;
    this.fleet = input.fleet();
    Search.requireSplits(fleet, MAX_SPLITS);
    this.land = new Landscape(input.workload(), fleet.kvBytes(), input.thresholds());
  }

  Configuration best() {
    Configuration best = Search.best(fleet, land, input.objective(), checkpoint);
    if (!(best.sustainedRps() > 0)) {
      throw new IllegalArgumentException(nobodyServes());
    }
    return best;
  }

  Plan plan() {
    Configuration best = best();
    Stages stages = new Stages(fleet, best);
    Figures figures = figures(fleet, best);
    Figures homogeneous = homogeneous();
    Figures naive = naive();
    Baselines baselines = new Baselines(homogeneous, naive);
    return new Plan(
        figures,
        baselines,
        new Ratios(ratio(figures, homogeneous), ratio(figures, naive), ratio(naive, homogeneous)),
        stages.binding(),
        stages.loads(),
        sensitivity(),
        new Advisor(input, land, best, stages, checkpoint).advice(),
        input.priced() ? Money.of(fleet, best) : null,
        atArrivalRate(best, stages),
        curve(best),
        notes(),
        input.caseStudy() ? Reproduction.of(figures, baselines) : null);
  }

  private String nobodyServes() {
    return ("no threshold and split serve a request: '%s' has %d instances and prefill clusters"
            + " have %d, and somebody has to prefill while another decodes; give '%s' one more"
            + " instance, or a prefill cluster its first")
        .formatted(fleet.pdName(), fleet.pdInstances(), fleet.prefillInstances(), fleet.pdName());
  }

  private Figures figures(Fleet of, Configuration at) {
    FirstToken first = FirstToken.of(of, input.workload().input(), at);
    Map<String, Integer> byProfile = new LinkedHashMap<>();
    for (int j = 0; j < of.pd().size(); j++) {
      byProfile.merge(of.pd().get(j).type().name(), at.prefillByPool().get(j), Integer::sum);
    }
    return new Figures(
        at.thresholdTokens(),
        of.prefillInstances(),
        at.nP(),
        at.nD(),
        at.prefillClustersRps(),
        at.localPrefillRps(),
        at.decodeRps(),
        at.sustainedRps(),
        first.meanSeconds(),
        first.p90Seconds(),
        at.egressGbps(),
        at.classes().offloaded(),
        byProfile,
        input.priced() ? at.usdPerRequest() * Money.MILLION : null);
  }

  private @Nullable Figures homogeneous() {
    Fleet same = fleet.homogeneous();
    ThresholdRange local = ThresholdRange.local(input.workload().input());
    Configuration at = Search.best(same, input.workload(), local, input.objective());
    return at.sustainedRps() > 0 ? figures(same, at) : null;
  }

  private @Nullable Figures naive() {
    Configuration at = Configuration.naive(fleet, input.workload());
    return at.sustainedRps() > 0 ? figures(fleet, at) : null;
  }

  private static @Nullable Double ratio(@Nullable Figures of, @Nullable Figures to) {
    return of == null || to == null ? null : of.lambdaMaxRps() / to.lambdaMaxRps();
  }

  private List<Sensitivity> sensitivity() {
    List<Sensitivity> points = new ArrayList<>();
    double gbps = fleet.prefill().stream().mapToDouble(PrefillCluster::linkGbps).sum();
    for (double factor : FACTORS) {
      if (fleet.prefill().isEmpty()) {
        break;
      }
      List<PrefillCluster> thinner =
          fleet.prefill().stream()
              .map(
                  c -> new PrefillCluster(c.name(), c.pools(), c.linkGbps() * factor, c.usdPerGb()))
              .toList();
      Fleet scaled = new Fleet(fleet.kvBytes(), thinner, fleet.pdName(), fleet.pd());
      Configuration at = Search.best(scaled, land, input.objective(), checkpoint);
      points.add(
          new Sensitivity(
              factor,
              gbps * factor,
              at.sustainedRps(),
              at.thresholdTokens(),
              at.nP(),
              at.nD(),
              at.egressGbps(),
              new Stages(scaled, at).binding()));
    }
    return points;
  }

  private @Nullable AtRate atArrivalRate(Configuration best, Stages stages) {
    Double rps = input.arrivalRps();
    if (rps == null) {
      return null;
    }
    boolean sustainable = rps <= best.sustainedRps();
    String text =
        sustainable
            ? "%.1f %% of the %.3f rps that the best configuration sustains"
            : "%.1f %% of the %.3f rps that the best configuration sustains: requests pile up"
                + " without end; see the advice, or admit fewer";
    return new AtRate(
        rps,
        sustainable,
        stages.at(rps),
        sustainable && input.priced() ? Money.usdPerMillion(fleet, best, rps) : null,
        String.format(Locale.ROOT, text, 100 * rps / best.sustainedRps(), best.sustainedRps()));
  }

  private List<List<Number>> curve(Configuration best) {
    double from = Math.max(1, land.range().from());
    double to = Math.max(from, land.range().to());
    TreeSet<Integer> thresholds = new TreeSet<>(List.of(best.thresholdTokens()));
    for (int i = 0; i < CURVE_POINTS; i++) {
      thresholds.add((int) Math.round(from * Math.pow(to / from, i / (CURVE_POINTS - 1.0))));
    }
    List<List<Number>> points = new ArrayList<>();
    for (int t : thresholds) {
      double rps =
          Configuration.of(fleet, input.workload(), t, best.prefillByPool()).sustainedRps();
      points.add(List.of(t, rps));
    }
    return points;
  }

  private List<String> notes() {
    List<String> notes = new ArrayList<>();
    notes.add(
        "TTFT is that of a lone request, without queues: it cannot be had at lambda_max_rps; a"
            + " simulation shows it under load");
    if (input.caseStudy()) {
      notes.add(
          "fitted on the paper's Table 6 and so no evidence: theta_pd_p_rps 1.64,"
              + " homogeneous_pd's lambda_max_rps 2.11 (its theta_pd_p_rps) and ttft_p90_s 9.73,"
              + " and every theta_pd_d_rps");
    }
    notes.addAll(input.notes());
    return notes;
  }
}
