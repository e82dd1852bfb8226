package io.membrane.scheduler.simulation;

import io.membrane.scheduler.planning.Plan;
import io.membrane.scheduler.planning.PlanInput;
import io.membrane.scheduler.search.Objective;
import io.membrane.scheduler.search.ThresholdRange;
import io.membrane.scheduler.throughput.Decode;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.HourlyPrice;
import io.membrane.scheduler.throughput.InstanceType;
import io.membrane.scheduler.throughput.LogNormalLengths;
import io.membrane.scheduler.throughput.PolynomialCurve;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.TableCurve;
import io.membrane.scheduler.throughput.Workload;
import java.util.List;

/** The paper's case study as a fixture. */
public final class CaseStudy {

  /** Prefills only. */
  public static final InstanceType H200 =
      new InstanceType(
          "h200",
          8,
          TableCurve.of(
              new double[] {1024, 8192, 32_000, 130_000}, new double[] {0.44, 0.72, 1.84, 7.40}),
          null,
          HourlyPrice.FREE);

  /** Prefills and decodes; both FIT. */
  public static final InstanceType H20 =
      new InstanceType(
          "h20",
          8,
          PolynomialCurve.of(0.469095, 1.300378e-4, 2.940298e-10),
          new Decode(20, 20 / (0.7817 * 1024)),
          HourlyPrice.FREE);

  /** S_kv. */
  public static final PolynomialCurve KV = PolynomialCurve.of(173.92 * 1024 * 1024, 17280.0);

  /** Truncated log-normal prompts, 1,024 tokens of output. */
  public static final Workload WORKLOAD =
      new Workload(LogNormalLengths.of(9.9, 1.0, 128, 131_072), 1024);

  private CaseStudy() {}

  /** 4 H200 instances behind a link, 8 H20 instances. */
  public static Fleet fleet(double linkGbps) {
    return new Fleet(
        KV,
        List.of(new PrefillCluster("prfaas", List.of(new Pool(H200, 4)), linkGbps, 0)),
        "pd",
        List.of(new Pool(H20, 8)));
  }

  /** A fleet set up for {@link #WORKLOAD}. */
  public static Deployment deploy(Strategy strategy, Fleet fleet) {
    PlanInput plan =
        new PlanInput(
            fleet,
            WORKLOAD,
            ThresholdRange.over(WORKLOAD.input()),
            Objective.THROUGHPUT,
            false,
            null,
            false,
            List.of());
    return strategy.deploy(plan, Plan.best(plan, () -> {}));
  }

  /** One H20 instance that prefills, and enough that decode. */
  public static Fleet oneServer() {
    return new Fleet(KV, List.of(), "pd", List.of(new Pool(H20, 9)));
  }
}
