package io.membrane.scheduler.throughput;

import org.apache.commons.numbers.gamma.Erfc;
import org.apache.commons.numbers.gamma.InverseErf;

/**
 * Log-normal lengths truncated to [min, max], in closed form. With Φ the normal distribution, a =
 * (ln min − μ)/σ and b = (ln max − μ)/σ, P(L ≤ t) = (Φ((ln t − μ)/σ) − Φ(a)) / (Φ(b) − Φ(a)) and
 * E[L; L ≤ t] = exp(μ + σ²/2) · (Φ((ln t − μ)/σ − σ) − Φ(a − σ)) / (Φ(b) − Φ(a)).
 */
public final class LogNormalLengths implements Lengths {

  private final double mu;
  private final double sigma;
  private final double min;
  private final double max;
  private final double below;
  private final double mass;
  private final double belowShifted;
  private final double scale;
  private final double mean;

  private LogNormalLengths(double mu, double sigma, double min, double max) {
    this.mu = mu;
    this.sigma = sigma;
    this.min = min;
    this.max = max;
    double a = (Math.log(min) - mu) / sigma;
    double b = (Math.log(max) - mu) / sigma;
    this.below = phi(a);
    this.mass = phi(b) - below;
    if (!(mass > 1e-9)) {
      throw new IllegalArgumentException(
          "a log-normal with mu %s and sigma %s has almost nothing in [%s, %s]"
              .formatted(mu, sigma, min, max));
    }
    this.belowShifted = phi(a - sigma);
    this.scale = Math.exp(mu + sigma * sigma / 2) / mass;
    this.mean = scale * (phi(b - sigma) - belowShifted);
  }

  /**
   * The distribution.
   *
   * @param mu mean of ln L before truncation
   * @param sigma standard deviation of ln L before truncation, in (0, 10]
   * @param min shortest length in tokens, ≥ 1
   * @param max longest length in tokens, above the shortest
   */
  public static LogNormalLengths of(double mu, double sigma, double min, double max) {
    if (!Double.isFinite(mu) || Math.abs(mu) > 50) {
      throw new IllegalArgumentException("mu is the mean of ln L, from -50 to 50, not " + mu);
    }
    if (!(sigma > 0) || !(sigma <= 10)) {
      throw new IllegalArgumentException("sigma is above 0 and at most 10, not " + sigma);
    }
    if (!(min >= 1) || !Double.isFinite(min)) {
      throw new IllegalArgumentException("the shortest length is at least 1 token, not " + min);
    }
    if (!(max > min) || !Double.isFinite(max)) {
      throw new IllegalArgumentException(
          "the longest length is finite and above the shortest, not max %s with min %s"
              .formatted(max, min));
    }
    return new LogNormalLengths(mu, sigma, min, max);
  }

  @Override
  public double min() {
    return min;
  }

  @Override
  public double max() {
    return max;
  }

  @Override
  public double mean() {
    return mean;
  }

  @Override
  public double quantile(double q) {
    if (q <= 0) {
      return min;
    }
    if (q >= 1) {
      return max;
    }
    double z = Math.sqrt(2) * InverseErf.value(2 * (below + q * mass) - 1);
    return Math.clamp(Math.exp(mu + sigma * z), min, max);
  }

  @Override
  public double fractionAbove(double t) {
    if (t <= min) {
      return 1;
    }
    if (t >= max) {
      return 0;
    }
    return Math.clamp(1 - (phi((Math.log(t) - mu) / sigma) - below) / mass, 0, 1);
  }

  @Override
  public double meanUpTo(double t) {
    if (t <= min) {
      return 0;
    }
    if (t >= max) {
      return mean;
    }
    return scale * (phi((Math.log(t) - mu) / sigma - sigma) - belowShifted);
  }

  /** Both from one logarithm: this is most of what a threshold costs a search. */
  @Override
  public LengthClasses split(double t) {
    if (t <= min) {
      return new LengthClasses(1, mean, min);
    }
    if (t >= max) {
      return new LengthClasses(0, max, mean);
    }
    double z = (Math.log(t) - mu) / sigma;
    double p = Math.clamp(1 - (phi(z) - below) / mass, 0, 1);
    double body = scale * (phi(z - sigma) - belowShifted);
    double longTokens = p > 0 ? (mean - body) / p : max;
    double shortTokens = p < 1 ? body / (1 - p) : min;
    return new LengthClasses(p, Math.clamp(longTokens, t, max), Math.clamp(shortTokens, min, t));
  }

  private static double phi(double z) {
    return 0.5 * Erfc.value(-z / Math.sqrt(2));
  }
}
