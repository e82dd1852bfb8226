package io.membrane.scheduler.simulation.traffic;

/** When requests arrive. */
public sealed interface Arrivals {

  /** Highest rate that is simulated. */
  double MAX_RPS = 1e6;

  /** Mean rate over a long time. */
  double meanRps();

  /** Independent of one another, at a constant rate. */
  record Poisson(double rps) implements Arrivals {

    /** Refuses a rate that is not above 0. */
    public Poisson {
      requireRate(rps);
    }

    @Override
    public double meanRps() {
      return rps;
    }
  }

  /** One after the other at constant gaps. */
  record Steady(double rps) implements Arrivals {

    /** Refuses a rate that is not above 0. */
    public Steady {
      requireRate(rps);
    }

    @Override
    public double meanRps() {
      return rps;
    }
  }

  /**
   * Poisson arrivals at one of two rates in turn (a Markov-modulated Poisson process): quiet and
   * burst phases last exponentially distributed times.
   *
   * @param quietRps rate between bursts
   * @param factor rate in a burst over the rate between bursts, ≥ 1
   * @param meanBurstSeconds mean length of a burst
   * @param meanQuietSeconds mean time between bursts
   */
  record Bursts(double quietRps, double factor, double meanBurstSeconds, double meanQuietSeconds)
      implements Arrivals {

    /** Refuses rates and times that are not above 0. */
    public Bursts {
      requireRate(quietRps);
      if (!(factor >= 1) || !(quietRps * factor <= MAX_RPS)) {
        throw new IllegalArgumentException(
            "a burst is 1 or more times as fast as the time between, and at most %s rps; not %s"
                    .formatted(MAX_RPS, factor)
                + " times");
      }
      requireSeconds("a burst", meanBurstSeconds);
      requireSeconds("the time between bursts", meanQuietSeconds);
    }

    @Override
    public double meanRps() {
      return quietRps
          * (meanQuietSeconds + factor * meanBurstSeconds)
          / (meanQuietSeconds + meanBurstSeconds);
    }
  }

  /**
   * When the requests of a trace arrived.
   *
   * @param speed how many seconds of the trace pass in one, > 0
   */
  record Replay(Trace trace, double speed) implements Arrivals {

    /** Refuses a speed that is not above 0. */
    public Replay {
      if (!(speed >= 1e-3) || !(speed <= 1e6)) {
        throw new IllegalArgumentException(
            "a trace is replayed 0.001 to 1000000 times as fast as it was, not " + speed);
      }
    }

    @Override
    public double meanRps() {
      return trace.requests() * speed / Math.max(trace.durationSeconds(), 1e-3);
    }
  }

  private static void requireRate(double rps) {
    if (!(rps > 0) || !(rps <= MAX_RPS)) {
      throw new IllegalArgumentException(
          "requests arrive at a rate above 0 and at most %s rps, not %s".formatted(MAX_RPS, rps));
    }
  }

  private static void requireSeconds(String what, double seconds) {
    if (!(seconds >= 1e-3) || !(seconds <= 1e7)) {
      throw new IllegalArgumentException(
          "%s lasts 0.001 to 10000000 s in the mean, not %s".formatted(what, seconds));
    }
  }
}
