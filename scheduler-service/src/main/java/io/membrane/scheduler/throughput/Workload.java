package io.membrane.scheduler.throughput;

/**
 * What a fleet is asked for.
 *
 * @param input uncached input lengths
 * @param outputTokens L_out, mean tokens that a request decodes, > 0
 */
public record Workload(Lengths input, double outputTokens) {

  /** Refuses an output without tokens. */
  public Workload {
    if (!(outputTokens > 0) || !Double.isFinite(outputTokens)) {
      throw new IllegalArgumentException(
          "a request decodes a finite number of tokens above 0, not " + outputTokens);
    }
  }
}
