package io.membrane.scheduler.simulation;

import org.HdrHistogram.Histogram;

/** Times of requests: mean and maximum exact, percentiles to 3 digits. Not thread-safe. */
final class TimesRecorder {

  private static final double MICROS = 1e6;
  private static final int DIGITS = 3;

  private final Histogram micros = new Histogram(DIGITS);
  private double sum;
  private double max;

  void record(double seconds) {
    micros.recordValue(Math.round(Math.max(0, seconds) * MICROS));
    sum += seconds;
    max = Math.max(max, seconds);
  }

  SimulationReport.Times times() {
    long count = micros.getTotalCount();
    return new SimulationReport.Times(
        count, count == 0 ? 0 : sum / count, percentile(50), percentile(90), percentile(99), max);
  }

  private double percentile(double p) {
    return Math.min(micros.getValueAtPercentile(p) / MICROS, max);
  }
}
