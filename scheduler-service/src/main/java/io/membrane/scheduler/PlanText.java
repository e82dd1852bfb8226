package io.membrane.scheduler;

import io.membrane.scheduler.planning.Plan;
import io.membrane.scheduler.planning.Plan.Advice;
import io.membrane.scheduler.planning.Plan.AtRate;
import io.membrane.scheduler.planning.Plan.Basis;
import io.membrane.scheduler.planning.Plan.Cost;
import io.membrane.scheduler.planning.Plan.Figures;
import io.membrane.scheduler.planning.Plan.Reproduced;
import io.membrane.scheduler.planning.Plan.Sensitivity;
import io.membrane.scheduler.planning.Plan.StageLoad;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A plan for a terminal. */
final class PlanText {

  private static final int MAX_ADVICE = 12;

  private final Plan plan;
  private final StringBuilder text = new StringBuilder();
  private final Formatter out = new Formatter(text, Locale.ROOT);

  PlanText(Plan plan) {
    this.plan = plan;
    List<Reproduced> reproduction = plan.reproduction();
    if (reproduction == null) {
      figures();
    } else {
      reproduction(reproduction);
    }
    stages();
    sensitivity();
    advice();
    cost(plan.cost());
    rate(plan.atArrivalRate());
    notes();
  }

  @Override
  public String toString() {
    return text.toString().lines().map(String::stripTrailing).collect(Collectors.joining("\n"));
  }

  private void reproduction(List<Reproduced> reproduction) {
    out.format("Table 6 of arXiv:2604.15039v2 beside this planner%n");
    out.format("%n");
    out.format(
        "%-24s %-18s %10s %10s %9s  %s%n", "configuration", "figure", "paper", "here", "off", "");
    String last = "";
    for (Reproduced r : reproduction) {
      boolean whole = r.tolerance() == 0 || r.paper() > 1000;
      out.format(
          "%-24s %-18s %10s %10s %8.1f%%  %s%n",
          r.configuration().equals(last) ? "" : r.configuration(),
          r.figure(),
          number(r.paper(), whole, 2),
          number(r.ours(), whole, 3),
          100 * r.deviation(),
          mark(r.basis()));
      last = r.configuration();
    }
    out.format("%n");
    out.format(
        "  fitted: a constant behind it was calibrated on this table, so it is no evidence%n");
    out.format(
        "  given: an input.  Unmarked: predicted from the model and inputs other than the figure%n");
  }

  private static String number(double value, boolean whole, int digits) {
    return String.format(Locale.ROOT, "%." + (whole ? 0 : digits) + "f", value);
  }

  private static String mark(Basis basis) {
    return switch (basis) {
      case GIVEN -> "given";
      case FITTED -> "fitted";
      case PREDICTED -> "";
    };
  }

  private void figures() {
    out.format(
        "%-24s %9s %4s %4s %4s %8s %8s %8s %8s %7s %7s %8s %9s%n",
        "configuration",
        "t",
        "Npre",
        "N_p",
        "N_d",
        "Θ_pre",
        "Θ_pd-p",
        "Θ_pd-d",
        "Λ rps",
        "TTFT s",
        "P90 s",
        "Gbps",
        plan.cost() == null ? "" : "USD/1M");
    row("best", plan.best());
    row("homogeneous PD", plan.baselines().homogeneousPd());
    row("naive heterogeneous PD", plan.baselines().naiveHeterogeneousPd());
    Map<String, Integer> byProfile = plan.best().prefillByProfile();
    if (byProfile.size() > 1) {
      out.format(
          "  of the PD cluster prefill: %s%n",
          byProfile.entrySet().stream()
              .map(e -> e.getValue() + " " + e.getKey())
              .collect(Collectors.joining(", ")));
    }
  }

  private void row(String name, @Nullable Figures f) {
    if (f == null) {
      out.format("%-24s %9s%n", name, "–");
      return;
    }
    out.format(
        "%-24s %9d %4d %4d %4d %8.3f %8.3f %8.3f %8.3f %7.2f %7.2f %8.2f %9s%n",
        name,
        f.thresholdTokens(),
        f.nPrefill(),
        f.nP(),
        f.nD(),
        f.thetaPrefillRps(),
        f.thetaPdPRps(),
        f.thetaPdDRps(),
        f.lambdaMaxRps(),
        f.ttftMeanS(),
        f.ttftP90S(),
        f.egressGbps(),
        usd(f.usdPerMillionRequests()));
  }

  private static String usd(@Nullable Double value) {
    return value == null ? "" : String.format(Locale.ROOT, "%.2f", value);
  }

  private void stages() {
    out.format("%n");
    out.format(
        "What binds: %s%n",
        plan.headroom().stream()
            .filter(StageLoad::binds)
            .map(s -> name(s.stage()))
            .distinct()
            .collect(Collectors.joining(", ")));
    for (StageLoad s : plan.headroom()) {
      String limit =
          s.limitRps() == null
              ? "serves nobody"
              : String.format(
                  Locale.ROOT,
                  "full at %9.3f rps, %5.1f %% used",
                  s.limitRps(),
                  100 * s.utilisation());
      out.format(
          "  %-16s %-16s %s%s%n",
          name(s.stage()),
          s.cluster() == null ? "" : s.cluster(),
          limit,
          s.binds() ? "  full" : "");
    }
  }

  private void sensitivity() {
    if (plan.sensitivity().isEmpty()) {
      return;
    }
    out.format("%n");
    out.format("If the link%s carried%n", plan.sensitivity().size() > 1 ? "s" : "");
    out.format("  %10s %9s %9s %4s %4s  %s%n", "Gbps", "Λ rps", "t", "N_p", "N_d", "binds");
    for (Sensitivity s : plan.sensitivity()) {
      out.format(
          "  %10.4g %9.3f %9d %4d %4d  %s%n",
          s.linkGbps(),
          s.lambdaMaxRps(),
          s.thresholdTokens(),
          s.nP(),
          s.nD(),
          name(s.bindingStage()));
    }
  }

  private void advice() {
    out.format("%n");
    out.format("What to change first%n");
    if (plan.advice().isEmpty()) {
      out.format("  no single change was found that a fleet can make%n");
    }
    for (Advice a : plan.advice().stream().limit(MAX_ADVICE).toList()) {
      String money =
          a.extraUsdPerHour() == null
              ? ""
              : String.format(Locale.ROOT, "; %+.2f USD/h", a.extraUsdPerHour());
      String million =
          a.usdPerMillionRequests() == null
              ? ""
              : String.format(Locale.ROOT, ", %.2f USD per million", a.usdPerMillionRequests());
      out.format("  %s%s%s%n", a.text(), money, million);
    }
    if (plan.advice().size() > MAX_ADVICE) {
      out.format("  and %d more in --json%n", plan.advice().size() - MAX_ADVICE);
    }
  }

  private void cost(@Nullable Cost cost) {
    if (cost == null) {
      return;
    }
    out.format("%n");
    out.format(
        "Cost: %.2f USD per million requests at Λ, %.1f %% of it egress; %.2f USD an hour%n",
        cost.usdPerMillionRequests(), 100 * cost.egressShare(), cost.usdPerHour());
    if (cost.cheapestHour().usdPerHour() < cost.dearestHour().usdPerHour()) {
      out.format(
          "  cheapest at %02d:00 UTC, %.2f per million; dearest at %02d:00, %.2f%n",
          cost.cheapestHour().hourUtc(),
          cost.cheapestHour().usdPerMillionRequests(),
          cost.dearestHour().hourUtc(),
          cost.dearestHour().usdPerMillionRequests());
    }
  }

  private void rate(@Nullable AtRate rate) {
    if (rate == null) {
      return;
    }
    out.format("%n");
    out.format(
        "At %.4g rps: %s%s%n",
        rate.arrivalRps(),
        rate.text(),
        rate.usdPerMillionRequests() == null
            ? ""
            : "; " + usd(rate.usdPerMillionRequests()) + " USD per million");
    rate.stages()
        .forEach(s ->
            out.format(
                "  %-16s %-16s %6.1f %% used%n",
                name(s.stage()), s.cluster() == null ? "" : s.cluster(), 100 * s.utilisation()));
  }

  private void notes() {
    out.format("%n");
    plan.notes().forEach(note -> out.format("Note: %s%n", note));
  }

  private static String name(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
