package io.membrane.benchmarks;

import io.membrane.scheduler.control.CongestionControl;
import io.membrane.scheduler.control.CongestionSettings;
import io.membrane.scheduler.control.EffectiveThreshold;
import io.membrane.scheduler.control.LinkSample;
import io.membrane.scheduler.control.LocalLoad;
import io.membrane.scheduler.planning.Plan;
import io.membrane.scheduler.planning.PlanInput;
import io.membrane.scheduler.request.PlanRequests;
import io.membrane.scheduler.request.Traces;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.simulation.Controls;
import io.membrane.scheduler.simulation.Deployment;
import io.membrane.scheduler.simulation.Simulation;
import io.membrane.scheduler.simulation.SimulationReport;
import io.membrane.scheduler.simulation.SimulationSpec;
import io.membrane.scheduler.simulation.Span;
import io.membrane.scheduler.simulation.Strategy;
import io.membrane.scheduler.simulation.traffic.Arrivals;
import io.membrane.scheduler.simulation.traffic.Prompts;
import io.membrane.scheduler.simulation.traffic.Traffic;
import io.membrane.scheduler.throughput.Workload;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws the plots of {@code docs/scheduler.md} from the paper's case study.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.Plots docs/plots
 * </pre>
 */
public final class Plots {

  private static final int REQUESTS = 60_000;
  private static final int SEED = 7;
  private static final int SURGE_FROM = 200;
  private static final int SURGE_TO = 500;
  private static final double SURGE = 1.6;
  private static final double LINK_GBPS = 16;
  private static final double BASE = 12;
  private static final double TRANSFER_GIGABITS = 7.7;

  private final Path folder;
  private final PlanInput study = PlanRequests.resolve(null, Traces.NONE);

  private Plots(Path folder) {
    this.folder = folder;
  }

  /** Writes every plot into the folder that is named. */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      throw new IllegalArgumentException("name the folder for the plots, e.g. docs/plots");
    }
    System.setProperty("java.awt.headless", "true");
    Plots plots = new Plots(Files.createDirectories(Path.of(args[0])));
    Plan plan = Plan.of(plots.study);
    plots.lambdaOverThreshold(plan);
    plots.linkSensitivity(plan);
    plots.timeToFirstToken();
    plots.stepResponse();
  }

  private void lambdaOverThreshold(Plan plan) throws IOException {
    XYChart chart =
        chart("Sustained throughput over the threshold, split 4/3/5", "t, tokens", "Λ, requests/s");
    line(
        chart,
        "Λ(t)",
        plan.curve().stream().map(p -> p.getFirst().doubleValue()).toList(),
        plan.curve().stream().map(p -> p.getLast().doubleValue()).toList());
    write(chart, "lambda-over-t");
  }

  private void linkSensitivity(Plan plan) throws IOException {
    XYChart chart = chart("Best Λ over the link", "link, Gbps", "Λ, requests/s");
    chart.getStyler().setXAxisLogarithmic(true);
    chart
        .addSeries(
            "best t and split",
            plan.sensitivity().stream().map(Plan.Sensitivity::linkGbps).toList(),
            plan.sensitivity().stream().map(Plan.Sensitivity::lambdaMaxRps).toList())
        .setMarker(SeriesMarkers.CIRCLE);
    write(chart, "link-sensitivity");
  }

  private void timeToFirstToken() throws IOException {
    XYChart chart =
        chart("TTFT under load, Poisson arrivals", "arrivals, requests/s", "mean TTFT, s");
    chart.getStyler().setYAxisMax(20.0).setYAxisMin(0.0);
    Configuration best = Plan.best(study, () -> {});
    for (Strategy strategy : Strategy.values()) {
      Deployment deployed = strategy.deploy(study, best);
      List<Double> rates = new ArrayList<>();
      List<Double> seconds = new ArrayList<>();
      for (double rps = 0.5; rps < deployed.configuration().sustainedRps(); rps += 0.15) {
        Traffic traffic = Traffic.of(new Arrivals.Poisson(rps), sampled(deployed.workload()));
        SimulationReport report =
            run(deployed, traffic, Span.ofRequests(REQUESTS), strategy.controls(Controls.DEFAULT));
        rates.add(rps);
        seconds.add(report.ttft().meanSeconds());
      }
      line(chart, strategy.name().toLowerCase(Locale.ROOT), rates, seconds);
    }
    write(chart, "ttft-over-load");
  }

  /**
   * The production control against a fluid link: what the threshold offers goes over it, a second
   * late; what does not fit waits.
   */
  private void stepResponse() throws IOException {
    Workload workload = study.workload();
    EffectiveThreshold effective = EffectiveThreshold.of(workload, study.fleet().kvBytes());
    int t = Plan.best(study, () -> {}).thresholdTokens();
    CongestionControl control = new CongestionControl(CongestionSettings.DEFAULT);
    CongestionControl.State state = CongestionControl.State.INITIAL;
    List<Double> seconds = new ArrayList<>();
    List<Double> thresholds = new ArrayList<>();
    List<Double> demands = new ArrayList<>();
    List<Double> carried = new ArrayList<>();
    double share = 1;
    double backlog = 0;
    for (int second = 0; second <= 900; second++) {
      double demand = second >= SURGE_FROM && second < SURGE_TO ? BASE * SURGE : BASE;
      double offered = demand * share + backlog;
      double moved = Math.min(LINK_GBPS, offered);
      backlog = offered - moved;
      share = control.shareAt(state, Instant.ofEpochSecond(second));
      double transfers = backlog / TRANSFER_GIGABITS;
      state =
          control.step(
              state,
              new LinkSample(
                  Instant.ofEpochSecond(second), moved, LINK_GBPS, transfers, Double.NaN, 0),
              LocalLoad.UNKNOWN);
      seconds.add((double) second);
      thresholds.add((double) effective.raise(t, share));
      demands.add(demand / LINK_GBPS);
      carried.add(moved / LINK_GBPS);
    }
    XYChart chart =
        chart("Planned offload x1.6 from 200 s to 500 s", "s", "effective threshold, tokens");
    line(chart, "effective threshold", seconds, thresholds);
    second(chart, "planned offload / link", seconds, demands);
    second(chart, "link utilisation", seconds, carried);
    chart.setYAxisGroupTitle(1, "share of the link");
    chart.getStyler().setYAxisMax(1, 1.4).setYAxisMin(1, 0.0);
    write(chart, "step-response");
  }

  private static void second(XYChart chart, String name, List<Double> x, List<Double> y) {
    chart.addSeries(name, x, y).setMarker(SeriesMarkers.NONE).setYAxisGroup(1);
  }

  private static Prompts sampled(Workload workload) {
    return new Prompts.Sampled(workload.input(), workload.outputTokens());
  }

  private static SimulationReport run(
      Deployment deployed, Traffic traffic, Span span, Controls controls) {
    return Simulation.run(
        SimulationSpec.of(deployed, traffic, span, controls, SEED), share -> true);
  }

  private static XYChart chart(String title, String x, String y) {
    XYChart chart =
        new XYChartBuilder()
            .width(900)
            .height(480)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle(y)
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    return chart;
  }

  private static void line(XYChart chart, String name, List<Double> x, List<Double> y) {
    chart.addSeries(name, x, y).setMarker(SeriesMarkers.NONE);
  }

  private void write(XYChart chart, String name) throws IOException {
    Path file = folder.resolve(name + ".png");
    ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", file.toFile());
    System.out.println(file);
  }
}
