package io.membrane.benchmarks;

import io.membrane.scheduler.planning.PlanInput;
import io.membrane.scheduler.request.PlanRequests;
import io.membrane.scheduler.request.Traces;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.search.Landscape;
import io.membrane.scheduler.search.Objective;
import io.membrane.scheduler.search.Search;
import io.membrane.scheduler.search.ThresholdRange;
import io.membrane.scheduler.throughput.Decode;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.HourlyPrice;
import io.membrane.scheduler.throughput.InstanceType;
import io.membrane.scheduler.throughput.PolynomialCurve;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.Workload;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The search for the best threshold and split, on one core: the paper's case study over every
 * threshold from 1,024 to 65,536 tokens and all 8 splits (none to seven of eight local instances
 * prefill), from nothing and over a landscape that has served before; and three unlike pools of 30
 * instances, 29,790 splits at 130,946 thresholds, which is branch and bound.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   org.openjdk.jmh.Main SearchBenchmark
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SearchBenchmark {

  private static final ThresholdRange RANGE = new ThresholdRange(1024, 65_536, 1);
  private static final PlanInput STUDY = PlanRequests.resolve(null, Traces.NONE);
  private static final Workload WORKLOAD = STUDY.workload();

  private final Fleet caseStudy = STUDY.fleet();
  private final Fleet threePools =
      new Fleet(
          caseStudy.kvBytes(),
          caseStudy.prefill(),
          caseStudy.pdName(),
          List.of(new Pool(h20(1), 30), new Pool(h20(0.7), 30), new Pool(h20(1.6), 30)));
  private Landscape known = new Landscape(WORKLOAD, caseStudy.kvBytes(), RANGE);

  @Setup
  public void serveOnce() {
    known = new Landscape(WORKLOAD, caseStudy.kvBytes(), RANGE);
    Search.best(caseStudy, known, Objective.THROUGHPUT, () -> {});
  }

  @Benchmark
  public Configuration exhaustive() {
    return Search.best(caseStudy, WORKLOAD, RANGE, Objective.THROUGHPUT);
  }

  @Benchmark
  public Configuration exhaustiveOverAKnownLandscape() {
    return Search.best(caseStudy, known, Objective.THROUGHPUT, () -> {});
  }

  @Benchmark
  public Configuration boundedOverThreePools() {
    return Search.best(threePools, WORKLOAD, Objective.THROUGHPUT);
  }

  private static InstanceType h20(double slower) {
    return new InstanceType(
        "h20/" + slower,
        8,
        PolynomialCurve.of(0.469095 * slower, 1.300378e-4 * slower, 2.940298e-10 * slower),
        new Decode(20, 0.02499 * slower),
        HourlyPrice.FREE);
  }
}
