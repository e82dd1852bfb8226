package io.membrane.benchmarks.directory;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.wire.MatchResponse;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Blocks a second that one thread looks up or stores in the image: a prompt of 512 blocks at a
 * time, one of 64 that lie anywhere in it. {@link ImageBenchmark} has bytes, quantiles and ingest.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   org.openjdk.jmh.Main ImageOperations
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgs = "-Xmx3g")
public class ImageOperations {

  private static final int PROMPT = 512;
  private static final int PROMPTS = 64;
  private static final Namespace NAMESPACE = new Namespace("model", "r1", "bf16", 16);
  private static final Source SOURCE = new Source("cluster", "node", "public");

  /** Blocks of the image. */
  @Param({"100000", "1000000"})
  public int blocks;

  private @Nullable Image image;
  private List<List<BlockHash>> chains = List.of();
  private int[] firsts = {};
  private long sequence;
  private int next;

  @Setup(Level.Trial)
  public void fill() {
    image = new Image(blocks, Clock.systemUTC());
    for (int first = 0; first < blocks; first += PROMPT) {
      image.apply(batch(first));
    }
    SplittableRandom random = new SplittableRandom(3);
    firsts = random.ints(PROMPTS, 0, blocks / PROMPT).map(prompt -> prompt * PROMPT).toArray();
    chains =
        IntStream.of(firsts)
            .mapToObj(first -> IntStream.range(first, first + PROMPT).mapToObj(Hashes::of).toList())
            .toList();
  }

  private ChangeBatch batch(int first) {
    ChangeBatch batch = new ChangeBatch(SOURCE, new NodeProgress(1, sequence));
    sequence += PROMPT;
    int namespace = batch.namespace(NAMESPACE);
    int form = batch.form(Slice.attention(32), 1 << 20);
    int tier = batch.tier("gpu");
    for (int i = 0; i < PROMPT; i++) {
      BlockHash parent = i == 0 ? null : Hashes.of(first + i - 1L);
      batch.stored(Hashes.of(first + i), parent, namespace, i, form, tier, Long.MAX_VALUE);
    }
    return batch;
  }

  @Benchmark
  @OperationsPerInvocation(PROMPT)
  public MatchResponse match() {
    next = (next + 1) % PROMPTS;
    return image().match(chains.get(next), Set.of(), 16, SOURCE.domain());
  }

  /** With the making of the batch, about a tenth of it. */
  @Benchmark
  @OperationsPerInvocation(PROMPT)
  public Object store() {
    next = (next + 1) % PROMPTS;
    return image().apply(batch(firsts[next]));
  }

  private Image image() {
    if (image == null) {
      throw new IllegalStateException("not filled");
    }
    return image;
  }
}
