package io.membrane.scheduler.throughput;

import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Lengths that were seen, each with its weight; prefix sums answer every question. */
public final class EmpiricalLengths implements Lengths {

  private final double[] tokens;
  private final double[] weightUpTo;
  private final double[] tokensUpTo;

  /** Takes lengths in ascending order, with their weights. */
  private EmpiricalLengths(double[] tokens, double[] weights) {
    int n = tokens.length;
    if (n == 0) {
      throw new IllegalArgumentException("a workload needs at least one length");
    }
    this.tokens = tokens;
    this.weightUpTo = new double[n];
    this.tokensUpTo = new double[n];
    double weight = 0;
    double product = 0;
    for (int i = 0; i < n; i++) {
      weight += weights[i];
      product += weights[i] * tokens[i];
      weightUpTo[i] = weight;
      tokensUpTo[i] = product;
    }
    for (int i = 0; i < n; i++) {
      weightUpTo[i] /= weight;
      tokensUpTo[i] /= weight;
    }
    weightUpTo[n - 1] = 1;
  }

  /** Every length counts once. */
  public static EmpiricalLengths of(int... lengths) {
    int[] sorted = lengths.clone();
    Arrays.sort(sorted);
    double[] tokens = new double[sorted.length];
    double[] weights = new double[sorted.length];
    int n = 0;
    for (int i = 0; i < sorted.length; i++) {
      if (i == 0 || sorted[i] != sorted[i - 1]) {
        tokens[n++] = atLeastOne(sorted[i]);
      }
      weights[n - 1]++;
    }
    return new EmpiricalLengths(Arrays.copyOf(tokens, n), Arrays.copyOf(weights, n));
  }

  private static int atLeastOne(int length) {
    if (length < 1) {
      throw new IllegalArgumentException("a length is at least 1 token, not " + length);
    }
    return length;
  }

  /**
   * A histogram.
   *
   * @param weights weight by length in tokens; lengths ≥ 1; weights finite, ≥ 0, not all 0
   */
  public static EmpiricalLengths ofWeights(Map<Integer, Double> weights) {
    SortedMap<Integer, Double> sorted = new TreeMap<>();
    weights.forEach((length, weight) -> {
      atLeastOne(length);
      if (!Double.isFinite(weight) || weight < 0) {
        throw new IllegalArgumentException(
            "the weight of length %d is finite and at least 0, not %s".formatted(length, weight));
      }
      if (weight > 0) {
        sorted.put(length, weight);
      }
    });
    return new EmpiricalLengths(
        sorted.keySet().stream().mapToDouble(Integer::doubleValue).toArray(),
        sorted.values().stream().mapToDouble(Double::doubleValue).toArray());
  }

  @Override
  public double min() {
    return tokens[0];
  }

  @Override
  public double max() {
    return tokens[tokens.length - 1];
  }

  @Override
  public double mean() {
    return tokensUpTo[tokens.length - 1];
  }

  @Override
  public double quantile(double q) {
    int i = Arrays.binarySearch(weightUpTo, q);
    return tokens[Math.min(i >= 0 ? i : -i - 1, tokens.length - 1)];
  }

  @Override
  public double fractionAbove(double t) {
    int i = lastUpTo(t);
    return i < 0 ? 1 : 1 - weightUpTo[i];
  }

  @Override
  public double meanUpTo(double t) {
    int i = lastUpTo(t);
    return i < 0 ? 0 : tokensUpTo[i];
  }

  private int lastUpTo(double t) {
    int i = Arrays.binarySearch(tokens, t);
    return i >= 0 ? i : -i - 2;
  }
}
