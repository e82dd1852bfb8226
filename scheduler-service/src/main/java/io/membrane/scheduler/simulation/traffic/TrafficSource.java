package io.membrane.scheduler.simulation.traffic;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Draws the requests of a {@link Traffic} one by one. The rate is piecewise constant in time, so
 * the next arrival is where its integral has grown by a unit gap: 1 for steady arrivals,
 * exponential for the others. Not thread-safe.
 */
public final class TrafficSource {

  private final Arrivals arrivals;
  private final Prompts prompts;
  private final List<LoadShift> shifts;
  private final RandomGenerator gaps;
  private final RandomGenerator phases;
  private final RandomGenerator lengths;
  private final int limit;

  private int drawn;
  private double seconds;
  private int shift = -1;
  private boolean burst;
  private double phaseEnds = Double.POSITIVE_INFINITY;
  private int inputTokens;
  private double outputTokens;

  /** A source that starts at 0 s; the generators are its own. */
  public TrafficSource(
      Traffic traffic, RandomGenerator gaps, RandomGenerator phases, RandomGenerator lengths) {
    this.arrivals = traffic.arrivals();
    this.prompts = traffic.prompts();
    this.shifts = traffic.shifts();
    this.gaps = gaps;
    this.phases = phases;
    this.lengths = lengths;
    this.limit = traffic.requests();
    if (arrivals instanceof Arrivals.Bursts b) {
      phaseEnds = phases.nextExponential() * b.meanQuietSeconds();
    }
  }

  /** Moves to the next request; false when there is none. */
  public boolean next() {
    if (drawn == limit) {
      return false;
    }
    seconds =
        switch (arrivals) {
          case Arrivals.Replay r -> r.trace().seconds(drawn) / r.speed();
          case Arrivals.Steady s -> after(1);
          case Arrivals.Poisson p -> after(gaps.nextExponential());
          case Arrivals.Bursts b -> after(gaps.nextExponential());
        };
    draw();
    drawn++;
    return true;
  }

  private double after(double unitGap) {
    double at = seconds;
    double left = unitGap;
    while (true) {
      double rate = rate();
      double until = Math.min(phaseEnds, nextShift());
      if (at + left / rate < until) {
        return at + left / rate;
      }
      left = Math.max(0, left - (until - at) * rate);
      at = until;
      enter(until);
    }
  }

  private double rate() {
    double factor = shift < 0 ? 1 : shifts.get(shift).rateFactor();
    return factor
        * switch (arrivals) {
          case Arrivals.Bursts b -> burst ? b.quietRps() * b.factor() : b.quietRps();
          case Arrivals.Poisson p -> p.rps();
          case Arrivals.Steady s -> s.rps();
          case Arrivals.Replay r -> r.meanRps();
        };
  }

  private double nextShift() {
    return shift + 1 < shifts.size()
        ? shifts.get(shift + 1).fromSeconds()
        : Double.POSITIVE_INFINITY;
  }

  private void enter(double at) {
    if (at == nextShift()) {
      shift++;
    }
    if (at == phaseEnds && arrivals instanceof Arrivals.Bursts b) {
      burst = !burst;
      phaseEnds =
          at + phases.nextExponential() * (burst ? b.meanBurstSeconds() : b.meanQuietSeconds());
    }
  }

  private void draw() {
    double factor = shift < 0 ? 1 : shifts.get(shift).lengthFactor();
    switch (prompts) {
      case Prompts.Sampled s -> {
        inputTokens = tokens(s.input().quantile(lengths.nextDouble()) * factor);
        outputTokens = s.outputTokens();
      }
      case Prompts.ClassMeans c -> {
        double p = c.classes().offloaded();
        boolean isLong = Math.floor((drawn + 1) * p) > Math.floor(drawn * p);
        double mean = isLong ? c.classes().longTokens() : c.classes().shortTokens();
        inputTokens = tokens(mean * factor);
        outputTokens = c.outputTokens();
      }
      case Prompts.OfTrace t -> {
        inputTokens = t.trace().inputTokens(drawn);
        outputTokens = t.trace().outputTokens(drawn);
      }
    }
  }

  private static int tokens(double length) {
    return Math.clamp(Math.round(length), 1, 1_000_000_000);
  }

  /** When this request arrives, seconds from the start. */
  public double seconds() {
    return seconds;
  }

  /** Length of its prompt, ≥ 1. */
  public int inputTokens() {
    return inputTokens;
  }

  /** Tokens that it decodes. */
  public double outputTokens() {
    return outputTokens;
  }

  /** Its number, from 0; in a trace that of the trace. */
  public int number() {
    return drawn - 1;
  }
}
