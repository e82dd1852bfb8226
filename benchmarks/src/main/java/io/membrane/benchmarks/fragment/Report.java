package io.membrane.benchmarks.fragment;

import io.membrane.benchmarks.fragment.Contest.Result;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** Markdown. */
final class Report {

  private final PrintStream out;

  Report(PrintStream out) {
    this.out = out;
  }

  void text(String format, Object... values) {
    out.printf(Locale.ROOT, format + "%n", values);
    out.flush();
  }

  /** Begins a table of contests at full load. */
  void ratesOf(String title, String bar) {
    text("%n## %s%n", title);
    text(
        "| value | connections | | GB/s | calls/s | p50 ms | p99 ms | CPU s/GiB: server + client |"
            + " × %s: median (min to max) | others' share of the CPU |",
        bar);
    text("|---|---|---|---|---|---|---|---|---|---|");
  }

  void rates(int bytes, int connections, List<Result> results) {
    for (Result result : results) {
      Sample total = result.total();
      text(
          "| %s | %d | %s | %.2f | %.0f | %.2f | %.2f | %.2f + %.2f | %s | %.0f %% |",
          size(bytes),
          connections,
          result.side().name(),
          total.gigabytesPerSecond(),
          total.callsPerSecond(),
          total.millis(50),
          total.millis(99),
          total.serverSecondsPerGib(),
          total.clientSecondsPerGib(),
          ratios(result),
          100 * total.takenByOthers());
    }
  }

  /** Begins a table of contests at full load in which the payload does not matter. */
  void callsOf(String title, String bar) {
    text("%n## %s%n", title);
    text(
        "| connections | | calls/s | p50 ms | p99 ms | CPU ms a call: server + client |"
            + " × %s: median (min to max) | others' share of the CPU |",
        bar);
    text("|---|---|---|---|---|---|---|---|");
  }

  void calls(int connections, List<Result> results) {
    for (Result result : results) {
      Sample total = result.total();
      text(
          "| %d | %s | %.0f | %.2f | %.2f | %.2f + %.2f | %s | %.0f %% |",
          connections,
          result.side().name(),
          total.callsPerSecond(),
          total.millis(50),
          total.millis(99),
          1e3 * total.cpu().servers() / total.calls(),
          1e3 * total.cpu().client() / total.calls(),
          ratios(result),
          100 * total.takenByOthers());
    }
  }

  /** Begins a table of contests at half load. */
  void latenciesOf(String title) {
    text("%n## %s%n", title);
    text(
        "| value | connections | | calls/s | p50 ms | p99 ms | p99 × Redis': median (min to max) |"
            + " others' share of the CPU |");
    text("|---|---|---|---|---|---|---|---|");
  }

  void latencies(int bytes, int connections, List<Result> results) {
    for (Result result : results) {
      Sample total = result.total();
      text(
          "| %s | %d | %s | %.0f | %.2f | %.2f | %s | %.0f %% |",
          size(bytes),
          connections,
          result.side().name(),
          total.callsPerSecond(),
          total.millis(50),
          total.millis(99),
          ratios(result),
          100 * total.takenByOthers());
    }
  }

  static String size(int bytes) {
    return bytes >= 1 << 20 ? (bytes >> 20) + " MiB" : (bytes >> 10) + " KiB";
  }

  private static String ratios(Result result) {
    return spread(result.ratios());
  }

  /** The median with the least and the most. */
  static String spread(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return String.format(
        Locale.ROOT, "%.2f (%.2f to %.2f)", median(sorted), sorted.getFirst(), sorted.getLast());
  }

  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return (sorted.get((sorted.size() - 1) / 2) + sorted.get(sorted.size() / 2)) / 2;
  }
}
