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

  private EmpiricalLengths(SortedMap<Integer, Double> weights) {
    int n = weights.size();
    this.tokens = new double[n];
    this.weightUpTo = new double[n];
    this.tokensUpTo = new double[n];
    double weight = 0;
    double product = 0;
    int i = 0;
    for (Map.Entry<Integer, Double> e : weights.entrySet()) {
      weight += e.getValue();
      product += e.getValue() * e.getKey();
      tokens[i] = e.getKey();
      weightUpTo[i] = weight;
      tokensUpTo[i] = product;
      i++;
    }
    for (i = 0; i < n; i++) {
      weightUpTo[i] /= weight;
      tokensUpTo[i] /= weight;
    }
    weightUpTo[n - 1] = 1;
  }

  /** Every length counts once. */
  public static EmpiricalLengths of(int... lengths) {
    SortedMap<Integer, Double> weights = new TreeMap<>();
    for (int length : lengths) {
      weights.merge(length, 1.0, Double::sum);
    }
    return ofWeights(weights);
  }

  /**
   * A histogram.
   *
   * @param weights weight by length in tokens; lengths ≥ 1; weights finite, ≥ 0, not all 0
   */
  public static EmpiricalLengths ofWeights(Map<Integer, Double> weights) {
    SortedMap<Integer, Double> sorted = new TreeMap<>();
    weights.forEach((length, weight) -> {
      if (length < 1) {
        throw new IllegalArgumentException("a length is at least 1 token, not " + length);
      }
      if (!Double.isFinite(weight) || weight < 0) {
        throw new IllegalArgumentException(
            "the weight of length %d is finite and at least 0, not %s".formatted(length, weight));
      }
      if (weight > 0) {
        sorted.put(length, weight);
      }
    });
    if (sorted.isEmpty()) {
      throw new IllegalArgumentException("a workload needs at least one length");
    }
    return new EmpiricalLengths(sorted);
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
