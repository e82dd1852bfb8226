package io.membrane.scheduler.simulation.station;

/** A quantity that jumps, its integral over time and its maximum. Not thread-safe. */
public final class Level {

  private double value;
  private double since;
  private double area;
  private double max;

  /** The quantity changes by this much. */
  public void add(double now, double change) {
    set(now, value + change);
  }

  /** The quantity is this from now on. */
  public void set(double now, double to) {
    area += value * (now - since);
    since = now;
    value = to;
    max = Math.max(max, to);
  }

  /** What it is now. */
  public double value() {
    return value;
  }

  /** ∫ value dt from 0 s to now. */
  public double area(double now) {
    return area + value * (now - since);
  }

  /** Highest value since the last {@link #forgetMax()}. */
  public double max() {
    return max;
  }

  /** Begins to look for the highest value anew. */
  public void forgetMax() {
    max = value;
  }
}
