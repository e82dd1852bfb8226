package io.membrane.scheduler.throughput;

/**
 * How an instance decodes: a continuous batch of fixed size, one token per request and step.
 *
 * @param maxBatch BS_max, requests that decode together, ≥ 1
 * @param stepSeconds T_decode, duration of one step with a full batch, > 0
 */
public record Decode(int maxBatch, double stepSeconds) {

  /** Refuses an empty batch and a step without duration. */
  public Decode {
    if (maxBatch < 1 || maxBatch > 1_000_000) {
      throw new IllegalArgumentException("a batch holds 1 to 1000000 requests, not " + maxBatch);
    }
    if (!(stepSeconds > 0) || !Double.isFinite(stepSeconds)) {
      throw new IllegalArgumentException(
          "a decode step lasts a finite time above 0 s, not " + stepSeconds);
    }
  }

  /** Requests per second that one instance finishes; equation (5) with N_d = 1. */
  public double rps(double outputTokens) {
    return Throughput.decodeRps(1, maxBatch, stepSeconds, outputTokens);
  }
}
