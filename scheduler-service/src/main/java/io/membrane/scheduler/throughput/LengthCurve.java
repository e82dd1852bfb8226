package io.membrane.scheduler.throughput;

/**
 * A positive quantity of a prefill as a function of its uncached tokens: seconds, or bytes of KV.
 * Immutable and thread-safe.
 */
public sealed interface LengthCurve permits TableCurve, PolynomialCurve {

  /**
   * The quantity at a length.
   *
   * @param tokens uncached tokens, ≥ 0
   */
  double at(double tokens);
}
