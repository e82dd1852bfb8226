package io.membrane.benchmarks.fragment;

import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * What a side did in one round, or in several.
 *
 * @param latencies of calls, in microseconds
 */
record Sample(long calls, long bytes, double seconds, Histogram latencies, CpuTime cpu) {

  private static final double GIB = 1L << 30;

  static Histogram histogram() {
    return new Histogram(60_000_000L, 3);
  }

  static Sample sum(List<Sample> rounds) {
    Histogram latencies = histogram();
    rounds.forEach(round -> latencies.add(round.latencies));
    return new Sample(
        rounds.stream().mapToLong(Sample::calls).sum(),
        rounds.stream().mapToLong(Sample::bytes).sum(),
        rounds.stream().mapToDouble(Sample::seconds).sum(),
        latencies,
        rounds.stream().map(Sample::cpu).reduce(new CpuTime(0, 0, 0), CpuTime::plus));
  }

  double callsPerSecond() {
    return calls / seconds;
  }

  double gigabytesPerSecond() {
    return bytes / seconds / 1e9;
  }

  double millis(double percentile) {
    return latencies.getValueAtPercentile(percentile) / 1e3;
  }

  double serverSecondsPerGib() {
    return cpu.servers() / (bytes / GIB);
  }

  double clientSecondsPerGib() {
    return cpu.client() / (bytes / GIB);
  }

  /** Share of the machine's processors that neither this client nor its servers had. */
  double takenByOthers() {
    return Math.max(0, cpu.machine() - cpu.client() - cpu.servers())
        / seconds
        / Runtime.getRuntime().availableProcessors();
  }
}
