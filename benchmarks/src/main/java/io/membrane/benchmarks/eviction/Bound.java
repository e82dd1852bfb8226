package io.membrane.benchmarks.eviction;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/**
 * What no policy can exceed, even one that knows the future, for blocks of any size and worth.
 *
 * <p>Each reuse of a block is an interval from one prompt to a later one; to hit, the block has to
 * be held over it (D. Berger, N. Beckmann and M. Harchol-Balter, "Practical bounds on optimal
 * caching with variable object sizes", 2018). To choose the intervals of most worth such that at no
 * moment more than the capacity is held is NP-hard for unlike sizes. Its Lagrangian relaxation puts
 * a price λ(t) on a byte held at time t: for any prices ≥ 0
 *
 * <pre>
 * bound(λ) = capacity · Σ λ(t) + Σ over intervals max(0, worth − bytes · Σ λ(t) over the interval)
 * </pre>
 *
 * is at least the optimum. With one price for all times that is the paper's PFOO-L; from there
 * prices are improved by subgradient steps. For equal sizes the best prices reach the optimum.
 */
final class Bound {

  private static final int STEPS = 400;
  private static final int BISECTIONS = 40;

  private final long capacity;
  private final List<Interval> intervals = new ArrayList<>();
  private final int times;
  private double asked;

  private record Interval(int from, int to, long bytes, double worth) {}

  private Bound(Load load, long capacity, int from, IntToDoubleFunction worth) {
    this.capacity = capacity;
    this.times = load.prompts();
    int[] last = new int[load.end()];
    Arrays.fill(last, -1);
    for (int p = 0; p < times; p++) {
      for (int block : load.prompt(p)) {
        if (p >= from) {
          asked += worth.applyAsDouble(block);
          if (last[block] >= 0) {
            intervals.add(
                new Interval(last[block], p, load.bytes(block), worth.applyAsDouble(block)));
          }
        }
        last[block] = p;
      }
    }
  }

  /**
   * At least the share of the worth of all blocks that hits can save.
   *
   * @param from the first prompt that counts
   * @param worth of a block
   */
  static double share(Load load, long capacity, int from, IntToDoubleFunction worth) {
    Bound bound = new Bound(load, capacity, from, worth);
    return bound.lowest() / bound.asked;
  }

  private double lowest() {
    double[] prices = new double[times];
    Arrays.fill(prices, onePrice());
    double[] slope = new double[times];
    double lowest = value(prices, slope);
    double scale = prices[0];
    for (int step = 1; step <= STEPS; step++) {
      for (int t = 0; t < times; t++) {
        prices[t] = Math.max(0, prices[t] - 0.5 * scale * slope[t] / capacity / Math.sqrt(step));
      }
      lowest = Math.min(lowest, value(prices, slope));
    }
    return lowest;
  }

  /** The one price at which the bytes that pay take the capacity on average. */
  private double onePrice() {
    double[] slope = new double[times];
    double low = 0;
    double high = intervals.stream().mapToDouble(i -> i.worth() / i.bytes()).max().orElse(0);
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = (low + high) / 2;
      double[] prices = new double[times];
      Arrays.fill(prices, middle);
      value(prices, slope);
      if (Arrays.stream(slope).sum() < 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  /** The bound at these prices, and in {@code slope} its derivative. */
  private double value(double[] prices, double[] slope) {
    double[] sum = new double[times + 1];
    for (int t = 0; t < times; t++) {
      sum[t + 1] = sum[t] + prices[t];
    }
    double[] change = new double[times + 1];
    double value = capacity * sum[times];
    for (Interval i : intervals) {
      double gain = i.worth() - i.bytes() * (sum[i.to()] - sum[i.from()]);
      if (gain > 0) {
        value += gain;
        change[i.from()] += i.bytes();
        change[i.to()] -= i.bytes();
      }
    }
    double held = 0;
    for (int t = 0; t < times; t++) {
      held += change[t];
      slope[t] = capacity - held;
    }
    return value;
  }
}
