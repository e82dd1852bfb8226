package io.membrane.benchmarks.eviction;

import io.membrane.fragment.eviction.Admission;
import io.membrane.fragment.eviction.Candidate;
import io.membrane.fragment.eviction.EvictionPolicy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
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
 * The eviction policy at 100,000 fragments held: a hit of any of them, and an offer of a fragment
 * that was never seen, for which another has to go.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   org.openjdk.jmh.Main EvictionBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class EvictionBenchmark {

  private static final int HELD = 100_000;

  private final EvictionPolicy<Long> policy = new EvictionPolicy<>(HELD, 1, 1);
  private final List<Long> keys = new ArrayList<>();
  private int next;
  private long fresh = HELD;

  /** Fills the policy. */
  @Setup
  public void fill() {
    for (long key = 0; key < HELD; key++) {
      policy.offer(candidate(key), other -> false);
      keys.add(key);
    }
    Collections.shuffle(keys, new Random(7));
  }

  /** A hit, unless an offer has driven the key out. */
  @Benchmark
  public void hit() {
    next = next + 1 == HELD ? 0 : next + 1;
    policy.hit(keys.get(next));
  }

  /** An offer that drives another out. */
  @Benchmark
  public Admission<Long> offer() {
    return policy.offer(candidate(fresh++), other -> false);
  }

  private static Candidate<Long> candidate(long key) {
    return new Candidate<>(key, 1, 1, 0, null);
  }
}
