package io.membrane.scheduler.throughput;

/**
 * How the uncached input lengths L of a workload are distributed. Lengths are in tokens. Immutable
 * and thread-safe.
 */
public sealed interface Lengths permits LogNormalLengths, EmpiricalLengths {

  /** The shortest length. */
  double min();

  /** The longest length. */
  double max();

  /** E[L]. */
  double mean();

  /** The smallest l with P(L ≤ l) ≥ q; the shortest for q = 0, the longest for q = 1. */
  double quantile(double q);

  /** P(L > t), in [0, 1]. */
  double fractionAbove(double t);

  /** E[L; L ≤ t]: what the lengths up to t add to the mean. */
  double meanUpTo(double t);

  /** Both classes that a threshold makes. */
  default LengthClasses split(double t) {
    double p = fractionAbove(t);
    double body = meanUpTo(t);
    double longTokens = p > 0 ? (mean() - body) / p : max();
    double shortTokens = p < 1 ? body / (1 - p) : min();
    double border = Math.clamp(t, min(), max());
    return new LengthClasses(
        p, Math.clamp(longTokens, border, max()), Math.clamp(shortTokens, min(), border));
  }
}
