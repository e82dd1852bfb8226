package io.membrane.scheduler.search;

import io.membrane.scheduler.throughput.Decode;
import io.membrane.scheduler.throughput.EmpiricalLengths;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.HourlyPrice;
import io.membrane.scheduler.throughput.InstanceType;
import io.membrane.scheduler.throughput.LengthCurve;
import io.membrane.scheduler.throughput.LogNormalLengths;
import io.membrane.scheduler.throughput.PolynomialCurve;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.TableCurve;
import io.membrane.scheduler.throughput.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Fleets and workloads of any shape, small enough for an exhaustive search. */
final class RandomFleets {

  private final RandomGenerator random;

  RandomFleets(RandomGenerator random) {
    this.random = random;
  }

  Workload workload() {
    if (random.nextBoolean()) {
      double max = random.nextInt(300, 3000);
      return new Workload(
          LogNormalLengths.of(
              random.nextDouble(4, 7), random.nextDouble(0.3, 1.5), random.nextInt(1, 100), max),
          random.nextInt(1, 500));
    }
    return new Workload(
        EmpiricalLengths.of(random.ints(random.nextInt(1, 50), 1, 2000).toArray()),
        random.nextInt(1, 500));
  }

  Fleet fleet() {
    List<Pool> pd = new ArrayList<>();
    int pools = random.nextInt(1, 4);
    for (int j = 0; j < pools; j++) {
      pd.add(new Pool(type("pd" + j, j == 0 || random.nextBoolean()), random.nextInt(1, 6)));
    }
    List<PrefillCluster> prefill = new ArrayList<>();
    int clusters = random.nextInt(4);
    for (int i = 0; i < clusters; i++) {
      List<Pool> kinds = new ArrayList<>();
      for (int j = random.nextInt(1, 3); j > 0; j--) {
        kinds.add(new Pool(type("p" + i + j, false), random.nextInt(4)));
      }
      prefill.add(
          new PrefillCluster(
              "c" + i,
              kinds,
              Math.exp(random.nextDouble(-4, 4)),
              random.nextBoolean() ? random.nextDouble(0.1) : 0));
    }
    return new Fleet(curve(1e5, 1e8), prefill, "pd", pd);
  }

  private InstanceType type(String name, boolean decodes) {
    return new InstanceType(
        name,
        8,
        curve(0.01, 2),
        decodes ? new Decode(random.nextInt(1, 30), random.nextDouble(0.001, 0.1)) : null,
        HourlyPrice.constant(random.nextDouble(0.1, 5)));
  }

  /** Not always monotone: measured curves are not. */
  private LengthCurve curve(double low, double high) {
    if (random.nextBoolean()) {
      return PolynomialCurve.of(random.nextDouble(low, high), random.nextDouble(high) / 1000);
    }
    int rows = random.nextInt(2, 7);
    double[] tokens = new double[rows];
    double[] values = new double[rows];
    for (int i = 0; i < rows; i++) {
      tokens[i] = (i == 0 ? 0 : tokens[i - 1]) + random.nextInt(1, 700);
      values[i] = random.nextDouble(low, high);
    }
    return TableCurve.of(tokens, values);
  }
}
