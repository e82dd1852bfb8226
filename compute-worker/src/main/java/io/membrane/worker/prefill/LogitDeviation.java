package io.membrane.worker.prefill;

import java.util.stream.IntStream;

/**
 * How far logits are from those of the full prefill.
 *
 * @param max greatest difference of a logit
 * @param divergence Kullback-Leibler divergence of the distribution from the full prefill's, in
 *     nats
 * @param sameGreedy whether both have the same greatest logit
 */
public record LogitDeviation(double max, double divergence, boolean sameGreedy) {

  /** Compares logits over the same vocabulary. */
  public static LogitDeviation of(float[] full, float[] logits) {
    double norm = logSumExp(full);
    double otherNorm = logSumExp(logits);
    double max = 0;
    double divergence = 0;
    for (int i = 0; i < full.length; i++) {
      max = Math.max(max, Math.abs((double) full[i] - logits[i]));
      double log = full[i] - norm;
      divergence += Math.exp(log) * (log - (logits[i] - otherNorm));
    }
    return new LogitDeviation(max, Math.max(0, divergence), greedy(full) == greedy(logits));
  }

  private static double logSumExp(float[] logits) {
    double top = logits[greedy(logits)];
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - top);
    }
    return top + Math.log(sum);
  }

  private static int greedy(float[] logits) {
    return IntStream.range(1, logits.length)
        .reduce(0, (best, i) -> logits[i] > logits[best] ? i : best);
  }
}
