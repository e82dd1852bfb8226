package io.membrane.benchmarks;

import io.membrane.scheduler.simulation.Controls;
import io.membrane.scheduler.simulation.Deployment;
import io.membrane.scheduler.simulation.Simulation;
import io.membrane.scheduler.simulation.SimulationReport;
import io.membrane.scheduler.simulation.SimulationSpec;
import io.membrane.scheduler.simulation.Span;
import io.membrane.scheduler.simulation.Strategy;
import io.membrane.scheduler.simulation.traffic.Arrivals;
import io.membrane.scheduler.simulation.traffic.Prompts;
import io.membrane.scheduler.simulation.traffic.Traffic;
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
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A million requests of the paper's case study at 80 % of Λ_max, in a JVM that has not run before.
 * The budget is 10 s on one core. {@code routed}: length alone decides. {@code controlled}: with
 * prices, congestion control, regime switch and, every simulated minute, the long-term control.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   org.openjdk.jmh.Main SimulationBenchmark
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Fork(value = 3, jvmArgsAppend = "-XX:ActiveProcessorCount=1")
public class SimulationBenchmark {

  private static final int REQUESTS = 1_000_000;

  /** Which controllers work. */
  @Param({"routed", "controlled"})
  public String control = "routed";

  private SimulationSpec spec = spec(Controls.OFF);

  @Setup
  public void spec() {
    spec = spec(control.equals("routed") ? Controls.OFF : Controls.DEFAULT);
  }

  @Benchmark
  public SimulationReport million() {
    return Simulation.run(spec, share -> true);
  }

  private static SimulationSpec spec(Controls controls) {
    Workload workload = new Workload(LogNormalLengths.of(9.9, 1.0, 128, 131_072), 1024);
    Deployment planned = Strategy.PRFAAS_PD.deploy(fleet(), workload);
    Traffic traffic =
        Traffic.of(
            new Arrivals.Poisson(0.8 * planned.configuration().sustainedRps()),
            new Prompts.Sampled(workload.input(), workload.outputTokens()));
    return SimulationSpec.of(planned, traffic, Span.ofRequests(REQUESTS), controls, 1);
  }

  private static Fleet fleet() {
    InstanceType h200 =
        new InstanceType(
            "h200",
            8,
            TableCurve.of(
                new double[] {1024, 8192, 32_000, 130_000}, new double[] {0.44, 0.72, 1.84, 7.40}),
            null,
            HourlyPrice.FREE);
    InstanceType h20 =
        new InstanceType(
            "h20",
            8,
            PolynomialCurve.of(0.469095, 1.300378e-4, 2.940298e-10),
            new Decode(20, 20 / (0.7817 * 1024)),
            HourlyPrice.FREE);
    return new Fleet(
        PolynomialCurve.of(173.92 * 1024 * 1024, 17_280.0),
        List.of(new PrefillCluster("prfaas", List.of(new Pool(h200, 4)), 100, 0)),
        "pd",
        List.of(new Pool(h20, 8)));
  }
}
