package io.membrane.benchmarks;

import io.membrane.scheduler.planning.Plan;
import io.membrane.scheduler.planning.PlanInput;
import io.membrane.scheduler.request.PlanRequests;
import io.membrane.scheduler.request.Traces;
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
import io.membrane.scheduler.throughput.Workload;
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
    PlanInput study = PlanRequests.resolve(null, Traces.NONE);
    Workload workload = study.workload();
    Deployment planned = Strategy.PRFAAS_PD.deploy(study, Plan.best(study, () -> {}));
    Traffic traffic =
        Traffic.of(
            new Arrivals.Poisson(0.8 * planned.configuration().sustainedRps()),
            new Prompts.Sampled(workload.input(), workload.outputTokens()));
    return SimulationSpec.of(planned, traffic, Span.ofRequests(REQUESTS), controls, 1);
  }
}
