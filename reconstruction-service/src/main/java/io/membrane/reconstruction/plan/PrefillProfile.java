package io.membrane.reconstruction.plan;

import io.membrane.wire.ComputeClient.ProfilePoint;
import java.util.List;

/**
 * How long a worker computes a prompt, and how large its KV is: linear between the points that it
 * has measured, from nothing to the first of them, and behind the last as between the last two.
 * Immutable.
 */
public final class PrefillProfile {

  private final int[] tokens;
  private final double[] ms;
  private final double[] bytes;

  /**
   * @param points at least one, by strictly increasing tokens; a time that is shorter than that of
   *     fewer tokens is noise, and counts as that one
   * @throws IllegalArgumentException if they are not so, or a value is out of its range
   */
  public PrefillProfile(List<ProfilePoint> points) {
    if (points.isEmpty()) {
      throw new IllegalArgumentException("a profile without points");
    }
    tokens = new int[points.size() + 1];
    ms = new double[tokens.length];
    bytes = new double[tokens.length];
    for (int i = 1; i < tokens.length; i++) {
      ProfilePoint point = points.get(i - 1);
      if (point.tokens() <= tokens[i - 1]
          || !(point.prefillMs() > 0 && Double.isFinite(point.prefillMs()))
          || point.kvBytes() <= 0) {
        throw new IllegalArgumentException("a profile with the point " + point);
      }
      tokens[i] = point.tokens();
      ms[i] = Math.max(ms[i - 1], point.prefillMs());
      bytes[i] = Math.max(bytes[i - 1], (double) point.kvBytes());
    }
  }

  /** Time that computing the tokens {@code [from, to)} takes behind the KV of those before. */
  public double recomputeMs(int from, int to) {
    return Math.max(0, at(to, ms) - at(from, ms));
  }

  /** Size of the KV of the tokens {@code [from, to)}. */
  public double kvBytes(int from, int to) {
    return Math.max(0, at(to, bytes) - at(from, bytes));
  }

  private double at(int length, double[] values) {
    int right = 1;
    while (right < tokens.length - 1 && tokens[right] < length) {
      right++;
    }
    int left = right - 1;
    double slope = (values[right] - values[left]) / (tokens[right] - tokens[left]);
    return values[left] + slope * (length - tokens[left]);
  }
}
