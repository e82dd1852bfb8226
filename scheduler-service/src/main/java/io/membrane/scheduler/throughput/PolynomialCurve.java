package io.membrane.scheduler.throughput;

import java.util.List;

/**
 * c₀ + c₁·l + c₂·l² + …, not negative coefficients with at least one positive: what grows with the
 * prompt never shrinks.
 *
 * @param coefficients c₀ first, 1 to 8 of them, in the quantity's unit per token to the power of
 *     the index
 */
public record PolynomialCurve(List<Double> coefficients) implements LengthCurve {

  private static final int MAX_COEFFICIENTS = 8;

  /** Refuses what is not finite, negative, or zero everywhere. */
  public PolynomialCurve {
    coefficients = List.copyOf(coefficients);
    if (coefficients.isEmpty() || coefficients.size() > MAX_COEFFICIENTS) {
      throw new IllegalArgumentException(
          "a polynomial has 1 to %d coefficients, not %d"
              .formatted(MAX_COEFFICIENTS, coefficients.size()));
    }
    for (double c : coefficients) {
      if (!Double.isFinite(c) || c < 0) {
        throw new IllegalArgumentException(
            "a polynomial's coefficients are finite and at least 0, not " + c);
      }
    }
    if (coefficients.stream().allMatch(c -> c == 0)) {
      throw new IllegalArgumentException("a polynomial needs a coefficient above 0");
    }
  }

  /** {@code new PolynomialCurve(List.of(c…))}. */
  public static PolynomialCurve of(Double... c) {
    return new PolynomialCurve(List.of(c));
  }

  @Override
  public double at(double tokens) {
    double sum = 0;
    for (int i = coefficients.size() - 1; i >= 0; i--) {
      sum = sum * tokens + coefficients.get(i);
    }
    return sum;
  }
}
