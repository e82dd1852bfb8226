package io.membrane.scheduler.search;

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

/** The paper's case study. */
public final class CaseStudy {

  public static final InstanceType H200 =
      new InstanceType(
          "h200",
          8,
          TableCurve.of(
              new double[] {1024, 8192, 32_000, 130_000}, new double[] {0.44, 0.72, 1.84, 7.40}),
          null,
          HourlyPrice.FREE);
  public static final InstanceType H20 =
      new InstanceType(
          "h20",
          8,
          PolynomialCurve.of(0.469095, 1.300378e-4, 2.940298e-10),
          new Decode(20, 20 / (0.7817 * 1024)),
          HourlyPrice.FREE);
  public static final PolynomialCurve KV = PolynomialCurve.of(173.92 * 1024 * 1024, 17280.0);
  public static final Workload WORKLOAD =
      new Workload(LogNormalLengths.of(9.9, 1.0, 128, 131_072), 1024);

  private CaseStudy() {}

  /** A kind with a price, USD per GPU and hour. */
  public static InstanceType priced(InstanceType type, double usd) {
    return new InstanceType(
        type.name(), type.gpus(), type.prefillSeconds(), type.decode(), HourlyPrice.constant(usd));
  }

  static Fleet fleet(double gbps) {
    return new Fleet(
        KV,
        List.of(new PrefillCluster("prfaas", List.of(new Pool(H200, 4)), gbps, 0)),
        "pd",
        List.of(new Pool(H20, 8)));
  }
}
