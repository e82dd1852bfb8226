package io.membrane.scheduler.throughput;

import java.util.Arrays;

/**
 * A measured table, read between its rows by a monotone cubic in log–log (PCHIP): F. N. Fritsch and
 * J. Butland, "A method for constructing local monotone piecewise cubic interpolants", SIAM J. Sci.
 * Stat. Comput. 5 (1984), with the three-point end slopes of C. Moler, "Numerical Computing with
 * MATLAB" (2004), section 3.6; the same curve as SciPy's {@code PchipInterpolator} on the
 * logarithms. Below the first row the first value holds; above the last the curve goes on as the
 * power law that it ends with.
 */
public final class TableCurve implements LengthCurve {

  private static final int MAX_ROWS = 4096;

  private final double[] x;
  private final double[] y;
  private final double[] slope;
  private final double firstTokens;
  private final double lastTokens;
  private final double firstValue;

  private TableCurve(double[] tokens, double[] values) {
    this.x = Arrays.stream(tokens).map(Math::log).toArray();
    this.y = Arrays.stream(values).map(Math::log).toArray();
    this.slope = slopes(x, y);
    this.firstTokens = tokens[0];
    this.lastTokens = tokens[tokens.length - 1];
    this.firstValue = values[0];
  }

  /**
   * A curve through a table.
   *
   * @param tokens lengths, increasing, ≥ 1; at least two
   * @param values the quantity at each length, > 0
   * @throws IllegalArgumentException saying which row is wrong
   */
  public static TableCurve of(double[] tokens, double[] values) {
    if (tokens.length != values.length) {
      throw new IllegalArgumentException(
          "a table has as many values as lengths, not %d and %d"
              .formatted(values.length, tokens.length));
    }
    if (tokens.length < 2 || tokens.length > MAX_ROWS) {
      throw new IllegalArgumentException(
          "a table has 2 to %d rows, not %d".formatted(MAX_ROWS, tokens.length));
    }
    for (int i = 0; i < tokens.length; i++) {
      if (!(tokens[i] >= 1) || !Double.isFinite(tokens[i])) {
        throw new IllegalArgumentException(
            "row %d: a length is at least 1 token, not %s".formatted(i, tokens[i]));
      }
      if (i > 0 && tokens[i] <= tokens[i - 1]) {
        throw new IllegalArgumentException(
            "row %d: lengths increase, %s comes after %s".formatted(i, tokens[i], tokens[i - 1]));
      }
      if (!(values[i] > 0) || !Double.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "row %d: a value is finite and above 0, not %s".formatted(i, values[i]));
      }
    }
    return new TableCurve(tokens, values);
  }

  /** Length of the first row. */
  public double firstTokens() {
    return firstTokens;
  }

  /** Length of the last row. */
  public double lastTokens() {
    return lastTokens;
  }

  @Override
  public double at(double tokens) {
    if (tokens <= firstTokens) {
      return firstValue;
    }
    double at = Math.log(tokens);
    int last = x.length - 1;
    if (at >= x[last]) {
      return Math.exp(y[last] + slope[last] * (at - x[last]));
    }
    int i = segment(at);
    double h = x[i + 1] - x[i];
    double u = (at - x[i]) / h;
    double v = 1 - u;
    double value =
        v * v * (1 + 2 * u) * y[i]
            + u * u * (1 + 2 * v) * y[i + 1]
            + h * u * v * (v * slope[i] - u * slope[i + 1]);
    return Math.exp(value);
  }

  private int segment(double at) {
    int low = 0;
    int high = x.length - 1;
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (x[middle] <= at) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static double[] slopes(double[] x, double[] y) {
    int n = x.length;
    double[] h = new double[n - 1];
    double[] d = new double[n - 1];
    for (int i = 0; i < n - 1; i++) {
      h[i] = x[i + 1] - x[i];
      d[i] = (y[i + 1] - y[i]) / h[i];
    }
    double[] m = new double[n];
    if (n == 2) {
      Arrays.fill(m, d[0]);
      return m;
    }
    for (int i = 1; i < n - 1; i++) {
      if (d[i - 1] * d[i] > 0) {
        double w1 = 2 * h[i] + h[i - 1];
        double w2 = h[i] + 2 * h[i - 1];
        m[i] = (w1 + w2) / (w1 / d[i - 1] + w2 / d[i]);
      }
    }
    m[0] = endSlope(h[0], h[1], d[0], d[1]);
    m[n - 1] = endSlope(h[n - 2], h[n - 3], d[n - 2], d[n - 3]);
    return m;
  }

  private static double endSlope(double h0, double h1, double d0, double d1) {
    double m = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
    if (Math.signum(m) != Math.signum(d0)) {
      return 0;
    }
    if (Math.signum(d0) != Math.signum(d1) && Math.abs(m) > 3 * Math.abs(d0)) {
      return 3 * d0;
    }
    return m;
  }
}
