package io.membrane.benchmarks.eviction;

import io.membrane.scheduler.simulation.traffic.Trace;
import io.membrane.scheduler.trace.TraceReader;
import java.awt.Color;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.zip.GZIPInputStream;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Replays a trace against eviction policies and writes the tables and the plot of {@code
 * docs/internals/eviction.md}.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.eviction.EvictionStudy \
 *   scheduler-service/src/test/resources/traces/conversation_trace.jsonl.gz docs/plots
 * </pre>
 */
public final class EvictionStudy {

  private static final double[] SHARES = {0.01, 0.05, 0.10, 0.25};
  private static final double[] PLOTTED = {0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25};
  private static final int SHUFFLES = 5;

  private EvictionStudy() {}

  /** Reads the trace that is named first, writes the plot into the folder that is named second. */
  public static void main(String[] args) throws IOException {
    if (args.length != 2) {
      throw new IllegalArgumentException("name a trace (.jsonl or .jsonl.gz) and a folder");
    }
    System.setProperty("java.awt.headless", "true");
    Trace trace = read(Path.of(args[0]));
    Load uniform = Load.uniform(trace);
    Load unlike = Load.unlike(trace);
    int half = uniform.prompts() / 2;
    table("Equal sizes: prefix hits", uniform, 0, Score::prefix);
    clairvoyant(uniform);
    bound(uniform, 0, block -> 1);
    table("Equal sizes: cost saved", uniform, 0, Score::cost);
    bound(uniform, 0, uniform::cost);
    table("Equal sizes: blocks held, with or without their prefix", uniform, 0, Score::blocks);
    table("Second half: prefix hits", uniform, half, Score::prefix);
    bound(uniform, half, block -> 1);
    shuffled(trace);
    table("Unlike sizes: prefix hits", unlike, 0, Score::prefix);
    bound(unlike, 0, block -> 1);
    table("Unlike sizes: bytes hit", unlike, 0, Score::bytes);
    bound(unlike, 0, unlike::bytes);
    table("Unlike sizes: cost saved", unlike, 0, Score::cost);
    bound(unlike, 0, unlike::cost);
    draw(uniform, Files.createDirectories(Path.of(args[1])).resolve("eviction.png"));
  }

  private static Trace read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file);
        InputStream plain = file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in) {
      return TraceReader.read(plain);
    }
  }

  private static long capacity(Load load, double share) {
    return Math.max(1, (long) (load.footprint() * share));
  }

  private static void head(String title) {
    System.out.printf("%n%s, %% at cache sizes of%n%n| |", title);
    DoubleStream.of(SHARES).forEach(share -> System.out.printf(" %.0f %% |", 100 * share));
    System.out.print("\n|---|" + "---|".repeat(SHARES.length) + "\n");
  }

  private static void row(String label, List<Double> shares) {
    System.out.print("| " + label + " |");
    shares.forEach(share -> System.out.printf(Locale.ROOT, " %.2f |", 100 * share));
    System.out.println();
  }

  private static void table(String title, Load load, int from, ToDoubleFunction<Score> figure) {
    head(title);
    for (Contestant contestant : Contestant.ALL) {
      row(
          contestant.label(),
          DoubleStream.of(SHARES)
              .mapToObj(s -> figure.applyAsDouble(contestant.play(load, capacity(load, s), from)))
              .toList());
    }
  }

  /** The mean over several shuffles, and the largest distance from it. */
  private static void shuffled(Trace trace) {
    head("Sessions shuffled: prefix hits");
    List<Load> loads = new ArrayList<>();
    for (int seed = 1; seed <= SHUFFLES; seed++) {
      loads.add(Load.shuffled(trace, seed));
    }
    double widest = 0;
    for (Contestant contestant : Contestant.ALL) {
      List<Double> means = new ArrayList<>();
      for (double share : SHARES) {
        double[] hits =
            loads.stream()
                .mapToDouble(l -> contestant.play(l, capacity(l, share), 0).prefix())
                .toArray();
        double mean = DoubleStream.of(hits).average().orElseThrow();
        means.add(mean);
        widest =
            Math.max(widest, DoubleStream.of(hits).map(h -> Math.abs(h - mean)).max().orElse(0));
      }
      row(contestant.label(), means);
    }
    System.out.printf(
        Locale.ROOT,
        "%nNo shuffle is further than %.2f from the mean of %d.%n",
        100 * widest,
        SHUFFLES);
  }

  private static void clairvoyant(Load load) {
    row(
        "Belady's MIN",
        DoubleStream.of(SHARES)
            .mapToObj(share -> Clairvoyant.hitRatio(load, capacity(load, share)))
            .toList());
  }

  private static void bound(Load load, int from, IntToDoubleFunction worth) {
    row(
        "upper bound",
        DoubleStream.of(SHARES)
            .mapToObj(share -> Bound.share(load, capacity(load, share), from, worth))
            .toList());
  }

  private static void draw(Load load, Path file) throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(900)
            .height(520)
            .title("Prefix hits of the conversation trace")
            .xAxisTitle("cache size, % of the footprint")
            .yAxisTitle("% of the blocks")
            .build();
    chart.getStyler().setXAxisLogarithmic(true);
    chart.getStyler().setLegendPosition(LegendPosition.InsideSE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    List<Double> x = DoubleStream.of(PLOTTED).mapToObj(share -> 100 * share).toList();
    line(chart, "Belady's MIN", x, share -> Clairvoyant.hitRatio(load, capacity(load, share)));
    for (Contestant contestant : Contestant.ALL) {
      if (contestant.drawn()) {
        String label = contestant.label().replace("*", "");
        XYSeries drawn =
            line(
                chart, label, x, share -> contestant.play(load, capacity(load, share), 0).prefix());
        if (contestant.equals(Contestant.ALL.getLast())) {
          drawn.setLineColor(Color.BLACK);
        }
      }
    }
    ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", file.toFile());
    System.out.println("\n" + file);
  }

  private static XYSeries line(
      XYChart chart, String name, List<Double> percent, DoubleUnaryOperator ratio) {
    List<Double> y = percent.stream().map(x -> 100 * ratio.applyAsDouble(x / 100)).toList();
    XYSeries series = chart.addSeries(name, percent, y);
    series.setMarker(SeriesMarkers.NONE);
    return series;
  }
}
