package io.membrane.benchmarks;

import io.membrane.scheduler.planning.Plan;
import io.membrane.scheduler.planning.PlanInput;
import io.membrane.scheduler.request.PlanRequests;
import io.membrane.scheduler.request.Traces;
import io.membrane.scheduler.search.Objective;
import io.membrane.scheduler.search.Search;
import io.membrane.scheduler.simulation.Controls;
import io.membrane.scheduler.simulation.Deployment;
import io.membrane.scheduler.simulation.Series;
import io.membrane.scheduler.simulation.Simulation;
import io.membrane.scheduler.simulation.SimulationReport;
import io.membrane.scheduler.simulation.SimulationSpec;
import io.membrane.scheduler.simulation.Span;
import io.membrane.scheduler.simulation.Strategy;
import io.membrane.scheduler.simulation.traffic.Arrivals;
import io.membrane.scheduler.simulation.traffic.LoadShift;
import io.membrane.scheduler.simulation.traffic.Prompts;
import io.membrane.scheduler.simulation.traffic.Traffic;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
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
  private static final double SURGE_FROM = 600;
  private static final double SURGE_TO = 1200;
  private static final double SURGE = 1.4;
  private static final double THIN_GBPS = 14;

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
    for (Strategy strategy : Strategy.values()) {
      Deployment deployed = strategy.deploy(study.fleet(), study.workload());
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

  private void stepResponse() throws IOException {
    Fleet thin = withLink(study.fleet(), THIN_GBPS);
    Workload workload = study.workload();
    Deployment deployed =
        new Deployment(thin, workload, Search.best(thin, workload, Objective.THROUGHPUT));
    Traffic traffic =
        new Traffic(
            new Arrivals.Poisson(0.66 * deployed.configuration().sustainedRps()),
            sampled(workload),
            List.of(new LoadShift(SURGE_FROM, SURGE, 1), new LoadShift(SURGE_TO, 1, 1)));
    Controls congestionAlone =
        new Controls(
            false, 0, Controls.DEFAULT.congestion(), null, null, Controls.OFF.rolePeriodSeconds());
    List<Series.Point> points =
        run(deployed, traffic, Span.ofSeconds(1800), congestionAlone).series().points();
    List<Double> seconds = points.stream().map(Series.Point::seconds).toList();
    XYChart chart =
        chart(
            "Demand x%.1f from 600 s to 1200 s, link of %.0f Gbps".formatted(SURGE, THIN_GBPS),
            "s",
            "effective threshold, tokens");
    line(
        chart,
        "effective threshold",
        seconds,
        points.stream().map(p -> (double) p.effectiveThresholdTokens()).toList());
    chart
        .addSeries("link utilisation, mean of 30 s", seconds, smoothed(points))
        .setMarker(SeriesMarkers.NONE)
        .setYAxisGroup(1);
    chart.setYAxisGroupTitle(1, "link utilisation");
    chart.getStyler().setYAxisMax(1, 1.0).setYAxisMin(1, 0.0);
    write(chart, "step-response");
  }

  private static List<Double> smoothed(List<Series.Point> points) {
    List<Double> means = new ArrayList<>();
    for (Series.Point p : points) {
      means.add(
          points.stream()
              .filter(q -> Math.abs(q.seconds() - p.seconds()) <= 15)
              .mapToDouble(Series.Point::linkUtilisation)
              .average()
              .orElse(0));
    }
    return means;
  }

  private static Fleet withLink(Fleet fleet, double gbps) {
    return new Fleet(
        fleet.kvBytes(),
        fleet.prefill().stream()
            .map(c -> new PrefillCluster(c.name(), c.pools(), gbps, c.usdPerGb()))
            .toList(),
        fleet.pdName(),
        fleet.pd());
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
    return chart;
  }

  private static void line(XYChart chart, String name, List<Double> x, List<Double> y) {
    chart.addSeries(name, x, y).setMarker(SeriesMarkers.NONE);
  }

  private void write(XYChart chart, String name) throws IOException {
    Path file = folder.resolve(name + ".png");
    BitmapEncoder.saveBitmap(chart, file.toString(), BitmapFormat.PNG);
    System.out.println(file);
  }
}
