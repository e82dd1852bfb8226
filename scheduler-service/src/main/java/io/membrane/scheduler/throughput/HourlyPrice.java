package io.membrane.scheduler.throughput;

import java.util.Collections;
import java.util.List;

/**
 * A price that may depend on the hour of the day.
 *
 * @param usd 24 prices, one for each hour of a day in UTC, each finite and ≥ 0
 */
public record HourlyPrice(List<Double> usd) {

  /** Nothing, at any hour. */
  public static final HourlyPrice FREE = constant(0);

  private static final int HOURS = 24;

  /** Refuses all but 24 prices. */
  public HourlyPrice {
    usd = List.copyOf(usd);
    if (usd.size() != HOURS) {
      throw new IllegalArgumentException(
          "a price is one number, or 24: one for each hour of a day in UTC; not " + usd.size());
    }
    for (double price : usd) {
      if (!Double.isFinite(price) || price < 0) {
        throw new IllegalArgumentException("a price is finite and at least 0, not " + price);
      }
    }
  }

  /** The same price at every hour. */
  public static HourlyPrice constant(double usd) {
    return new HourlyPrice(Collections.nCopies(HOURS, usd));
  }

  /** Price in an hour of the day, 0 to 23 UTC. */
  public double at(int hour) {
    return usd.get(hour);
  }

  /** Mean over the day. */
  public double mean() {
    return usd.stream().mapToDouble(Double::doubleValue).sum() / HOURS;
  }
}
