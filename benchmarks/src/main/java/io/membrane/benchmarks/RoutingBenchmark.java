package io.membrane.benchmarks;

import io.membrane.scheduler.request.PlanRequests;
import io.membrane.scheduler.request.Traces;
import io.membrane.scheduler.routing.Availability;
import io.membrane.scheduler.routing.Candidate;
import io.membrane.scheduler.routing.ClusterCondition;
import io.membrane.scheduler.routing.ClusterCost;
import io.membrane.scheduler.routing.Decision;
import io.membrane.scheduler.routing.FleetState;
import io.membrane.scheduler.routing.InFlight;
import io.membrane.scheduler.routing.NodeCandidate;
import io.membrane.scheduler.routing.RouteQuery;
import io.membrane.scheduler.routing.RoutingPolicy;
import io.membrane.scheduler.routing.RoutingSettings;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
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
 * One routing decision with all costs known, 1,000 prompts in flight and a deadline on every fourth
 * prompt. The budget is 20 µs at p99. Beside it the decision whose reason is told, and the decision
 * that is counted as in flight and released.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   org.openjdk.jmh.Main RoutingBenchmark
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RoutingBenchmark {

  private static final int PROMPTS = 4096;
  private static final int IN_FLIGHT = 1000;

  private static final Fleet STUDY = PlanRequests.resolve(null, Traces.NONE).fleet();
  private static final Pool H200 = STUDY.prefill().getFirst().pools().getFirst();
  private static final Pool H20 = STUDY.pd().getFirst();

  /** Prefill clusters + pd clusters x nodes of each. */
  @Param({"1+1x1", "8+4x16"})
  public String fleet = "";

  private final RoutingPolicy policy = new RoutingPolicy(RoutingSettings.DEFAULT);
  private final InFlight inFlight = new InFlight();
  private FleetState state = FleetState.of(0, Regime.SCARCE);
  private List<RouteQuery> prompts = List.of();
  private int next;

  @Setup
  public void fleet() {
    String[] counts = fleet.split("[+x]", -1);
    int prefill = Integer.parseInt(counts[0]);
    int pd = Integer.parseInt(counts[1]);
    int nodes = Integer.parseInt(counts[2]);
    Random random = new Random(1);
    Map<String, ClusterCondition> conditions = new HashMap<>();
    for (int i = 0; i < prefill; i++) {
      conditions.put("prefill-" + i, condition("prefill-" + i, H200, random));
    }
    for (int i = 0; i < pd; i++) {
      conditions.put("pd-" + i, condition("pd-" + i, H20, random));
    }
    state = new FleetState(19_351, Regime.ABUNDANT, conditions);
    List<RouteQuery> queries = new ArrayList<>();
    for (int q = 0; q < PROMPTS; q++) {
      int tokens = (int) Math.clamp(Math.exp(9.9 + random.nextGaussian()), 128, 131_072);
      List<Candidate> candidates = new ArrayList<>();
      for (int i = 0; i < prefill; i++) {
        candidates.add(candidate("prefill-" + i, Role.PREFILL, tokens, nodes, random));
      }
      for (int i = 0; i < pd; i++) {
        candidates.add(candidate("pd-" + i, Role.PD, tokens, nodes, random));
      }
      queries.add(new RouteQuery(tokens, candidates, q % 4 == 0 ? Duration.ofSeconds(2) : null));
    }
    prompts = queries;
    for (int i = 0; i < IN_FLIGHT; i++) {
      inFlight.add(decide(), 0);
    }
  }

  @Benchmark
  public Decision decide() {
    next = (next + 1) % PROMPTS;
    return policy.decide(prompts.get(next), state, inFlight, 0);
  }

  @Benchmark
  public String decideAndTellTheReason() {
    return decide().reason();
  }

  @Benchmark
  public Decision decideAndCount() {
    Decision d = decide();
    inFlight.add(d, 0).release();
    return d;
  }

  private static ClusterCondition condition(String name, Pool pool, Random random) {
    return new ClusterCondition(
        name,
        Availability.UP,
        "",
        19_351,
        random.nextBoolean() ? Regime.SCARCE : Regime.ABUNDANT,
        random.nextDouble(),
        100,
        new ClusterCost(pool.type().prefillSeconds(), STUDY.kvBytes(), 4, 0.005, 0.02));
  }

  private static Candidate candidate(String name, Role role, int tokens, int nodes, Random random) {
    List<NodeCandidate> offered = new ArrayList<>();
    int longest = 0;
    for (int n = 0; n < nodes; n++) {
      int cached = random.nextBoolean() ? 0 : random.nextInt(tokens);
      longest = Math.max(longest, cached);
      offered.add(new NodeCandidate(name + "-node-" + n, cached, random.nextInt(50_000)));
    }
    return new Candidate(name, role, longest, offered);
  }
}
