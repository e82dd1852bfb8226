package io.membrane.worker.batch;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How long cold prefills took, by length. Of all lengths between two powers of two one point is
 * kept, to which each measurement contributes a fifth. Thread-safe.
 */
public final class PrefillTimes {

  private static final double WEIGHT = 0.2;

  /**
   * A measured prefill.
   *
   * @param tokens its length
   * @param millis time in the engine
   */
  public record Point(int tokens, double millis) {}

  private record Mean(double tokens, double millis) {

    Mean with(int tokens, double millis) {
      return new Mean(
          this.tokens + WEIGHT * (tokens - this.tokens),
          this.millis + WEIGHT * (millis - this.millis));
    }
  }

  private final SortedMap<Integer, Mean> means = new TreeMap<>();

  /** Takes a measurement in. */
  public synchronized void measured(int tokens, double millis) {
    if (tokens < 1 || !(millis > 0) || !Double.isFinite(millis)) {
      return;
    }
    int octave = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(tokens);
    means.merge(octave, new Mean(tokens, millis), (mean, measured) -> mean.with(tokens, millis));
  }

  /** The points, by strictly increasing length. */
  public synchronized List<Point> points() {
    return means.values().stream()
        .map(mean -> new Point((int) mean.tokens(), mean.millis()))
        .toList();
  }

  /**
   * Expected time of the tokens {@code from} (inclusive) to {@code to} (exclusive) of a prompt;
   * linear between the points, and as fast as the last point beyond it. 0 while nothing is
   * measured.
   */
  public double millis(int from, int to) {
    List<Point> points = points();
    return Math.max(0, at(points, to) - at(points, from));
  }

  private static double at(List<Point> points, int tokens) {
    Point before = new Point(0, 0);
    for (Point point : points) {
      if (tokens <= point.tokens()) {
        double share = (double) (tokens - before.tokens()) / (point.tokens() - before.tokens());
        return before.millis() + share * (point.millis() - before.millis());
      }
      before = point;
    }
    return before.tokens() == 0 ? 0 : before.millis() * tokens / before.tokens();
  }
}
