package io.membrane.scheduler.simulation;

import java.util.ArrayList;
import java.util.List;

/**
 * A run in time, at most {@value #MAX_POINTS} points at equal distances.
 *
 * @param points in order of time
 */
public record Series(List<Point> points) {

  static final int MAX_POINTS = 1000;

  /**
   * A moment.
   *
   * @param seconds from the start
   * @param effectiveThresholdTokens of the first prefill cluster
   * @param linkUtilisation of the busiest link over the last second, in [0, 1]
   * @param prefillQueue prompts that wait in prefill clusters
   * @param localPrefillQueue prompts that wait in the PD cluster
   * @param decodeQueue requests that wait for a place in a batch
   * @param nP instances of the PD cluster that prefill
   */
  public record Point(
      double seconds,
      int effectiveThresholdTokens,
      double linkUtilisation,
      int prefillQueue,
      int localPrefillQueue,
      int decodeQueue,
      int nP) {}

  /** Copies the points. */
  public Series {
    points = List.copyOf(points);
  }

  /** Keeps every second, fourth, eighth… of the points that it is given, as they get more. */
  static final class Recorder {

    private final List<Point> kept = new ArrayList<>();
    private long stride = 1;
    private long offered;

    /** Whether the next point would be kept; counts it. */
    boolean wants() {
      return offered++ % stride == 0;
    }

    void add(Point point) {
      kept.add(point);
      if (kept.size() == MAX_POINTS) {
        for (int i = 0; i < MAX_POINTS / 2; i++) {
          kept.set(i, kept.get(2 * i));
        }
        kept.subList(MAX_POINTS / 2, MAX_POINTS).clear();
        stride *= 2;
      }
    }

    Series series() {
      return new Series(kept);
    }
  }
}
