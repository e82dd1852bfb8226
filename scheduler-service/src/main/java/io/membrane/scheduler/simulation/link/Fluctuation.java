package io.membrane.scheduler.simulation.link;

/**
 * How a link's rate varies round its mean: a log-normal factor with mean 1, constant for a period,
 * whose logarithm is a first-order autoregression.
 *
 * @param coefficientOfVariation standard deviation over mean; 0 for a constant rate
 * @param periodSeconds how long a rate holds
 * @param correlation between the logarithms of one period and the next, in [0, 1)
 */
public record Fluctuation(double coefficientOfVariation, double periodSeconds, double correlation) {

  /** A rate that does not vary. */
  public static final Fluctuation NONE = new Fluctuation(0, 1, 0);

  /** Refuses what has no such process. */
  public Fluctuation {
    if (!(coefficientOfVariation >= 0) || !(coefficientOfVariation <= 2)) {
      throw new IllegalArgumentException(
          "a link's rate has a coefficient of variation of 0 to 2, not " + coefficientOfVariation);
    }
    if (!(periodSeconds >= 0.1) || !(periodSeconds <= 1e6)) {
      throw new IllegalArgumentException(
          "a link's rate holds for 0.1 to 1000000 s, not " + periodSeconds);
    }
    if (!(correlation >= 0) || !(correlation < 1)) {
      throw new IllegalArgumentException(
          "the correlation of a link's rate is at least 0 and below 1, not " + correlation);
    }
  }
}
