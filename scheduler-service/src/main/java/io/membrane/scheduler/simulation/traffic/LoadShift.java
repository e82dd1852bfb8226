package io.membrane.scheduler.simulation.traffic;

/**
 * From a moment on the load is another, until the next shift.
 *
 * @param fromSeconds when, in seconds from the start
 * @param rateFactor arrival rate over the rate that the arrivals state
 * @param lengthFactor length of a prompt over what it would be
 */
public record LoadShift(double fromSeconds, double rateFactor, double lengthFactor) {

  /** Refuses what is negative or not finite. */
  public LoadShift {
    if (!(fromSeconds >= 0) || !Double.isFinite(fromSeconds)) {
      throw new IllegalArgumentException(
          "the load shifts a finite time of at least 0 s from the start, not " + fromSeconds);
    }
    requireFactor("rate", rateFactor);
    requireFactor("length", lengthFactor);
  }

  private static void requireFactor(String of, double factor) {
    if (!(factor >= 0.01) || !(factor <= 100)) {
      throw new IllegalArgumentException(
          "a shift changes the %s by a factor of 0.01 to 100, not %s".formatted(of, factor));
    }
  }
}
