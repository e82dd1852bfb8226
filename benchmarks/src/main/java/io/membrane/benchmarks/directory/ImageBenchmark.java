package io.membrane.benchmarks.directory;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/**
 * The image in memory at a number of blocks: ingest by batches of 8,192 numbered events, bytes of
 * heap for a block with one location, matches of 512 blocks that are all there, and block
 * operations: a prompt of 512 blocks is matched and then stored again, each look-up and each store
 * one operation. Prompts are of 8,192 blocks over 64 nodes. At the end the image is fed half as
 * much again, so that every store makes room. The same matches once more in an image whose prompts
 * were stored in turns, a block each, so that no record is the neighbour of the one before. Beside
 * them what the memory allows: 8 words of random lines of as large an array, one after the other
 * and 16 at a time; and what the machine allows: the slowest hundredth of computations without
 * memory that mostly take as long as a match.
 *
 * <p>Rates and the mean are by processor time of the one thread that works; quantiles by the clock.
 *
 * <pre>
 * java -Xmx3g -XX:+UseG1GC -Xlog:gc:file=gc.log \
 *   -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.directory.ImageBenchmark 100000 1000000 10000000
 * </pre>
 */
public final class ImageBenchmark {

  private static final int PROMPT = 8192;
  private static final int MATCH = 512;
  private static final int NODES = 64;
  private static final int MATCHES = 20_000;
  private static final int PROMPTS = 2_000;
  private static final int WARM_UP = 300_000;
  private static final int LINES = 2_000_000;
  private static final String DOMAIN = "public";
  private static final Namespace NAMESPACE = new Namespace("model", "r1", "bf16", 16);
  private static final Slice SLICE = Slice.attention(32);

  private final int blocks;
  private final long heapBefore;
  private final Image image;
  private final Random random = new Random(5);
  private long matchCpuNanos;
  private final long[] sequences = new long[NODES];

  private ImageBenchmark(int blocks) {
    this.blocks = blocks;
    this.heapBefore = heapAfterCollection(0);
    this.image = new Image(blocks, Clock.systemUTC());
  }

  /** Arguments: numbers of blocks. */
  public static void main(String[] args) {
    System.out.println(
        "| blocks | ingest, 1/s | bytes/block | operations, 1/s | match of 512: mean, p50, p99, p99.9 µs"
            + " | computing as long: p99 µs | stored in turns: mean, p50, p99, p99.9 µs | ingest when full, 1/s | GC: count, ms"
            + " | line: chased, of 16, ns |");
    System.out.println("|---|---|---|---|---|---|---|---|---|---|");
    row(WARM_UP);
    for (String blocks : args) {
      System.out.println(row(Integer.parseInt(blocks)));
    }
  }

  private static String row(int blocks) {
    String inTurns = new ImageBenchmark(blocks).measureInTurns();
    return new ImageBenchmark(blocks).measure(inTurns);
  }

  private String measureInTurns() {
    ingestInTurns();
    return measureMatches().toString();
  }

  private Matches measureMatches() {
    matches(MATCHES);
    matchCpuNanos = 0;
    Histogram nanos = matches(MATCHES);
    return new Matches(matchCpuNanos / 1e3 / MATCHES, nanos);
  }

  /** Times of matches, the mean by processor time. */
  private record Matches(double meanMicros, Histogram nanos) {

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%.1f, %.1f, %.1f, %.1f",
          meanMicros,
          nanos.getValueAtPercentile(50) / 1e3,
          nanos.getValueAtPercentile(99) / 1e3,
          nanos.getValueAtPercentile(99.9) / 1e3);
    }
  }

  private String measure(String inTurns) {
    double ingest = ingest(0, blocks);
    double bytes = (heapAfterCollection(0) - heapBefore) / (double) image.blocks();
    long collections = collections();
    long collectionMs = collectionMs();
    operations(PROMPTS);
    double operations = operations(PROMPTS);
    Matches match = measureMatches();
    double full = ingest(blocks, Math.max(blocks / 2, 2_000_000));
    collections = collections() - collections;
    collectionMs = collectionMs() - collectionMs;
    return String.format(
        Locale.ROOT,
        "| %,d | %,.0f | %.1f | %,.0f | %s | %.1f | %s | %,.0f | %d, %d | %.0f, %.0f |",
        image.blocks(),
        ingest,
        bytes,
        operations,
        match,
        computingP99(match.nanos().getValueAtPercentile(50)) / 1e3,
        inTurns,
        full,
        collections,
        collectionMs,
        lines(1),
        lines(16));
  }

  /** Stores blocks from the one numbered {@code first}; events a second. */
  private double ingest(int first, int count) {
    long cpu = 0;
    for (int done = 0; done < count; ) {
      int size = Math.min(PROMPT, count - done);
      ChangeBatch batch = batch(first + done, size);
      long start = cpuNanos();
      image.apply(batch);
      cpu += cpuNanos() - start;
      done += size;
    }
    return count / (cpu / 1e9);
  }

  /** Stores all prompts in turns, a block of each. */
  private void ingestInTurns() {
    for (int index = 0; index < PROMPT; index++) {
      for (int node = 0; node < NODES; node++) {
        List<Integer> stored = new ArrayList<>();
        for (int prompt = node; prompt < blocks / PROMPT; prompt += NODES) {
          stored.add(prompt * PROMPT + index);
        }
        if (!stored.isEmpty()) {
          image.apply(batch(node, stored));
        }
      }
    }
  }

  private ChangeBatch batch(int first, int size) {
    return batch(first / PROMPT % NODES, IntStream.range(first, first + size).boxed().toList());
  }

  private ChangeBatch batch(int node, List<Integer> stored) {
    ChangeBatch batch =
        new ChangeBatch(
            new Source("cluster", "node" + node, DOMAIN), new NodeProgress(1, sequences[node]));
    sequences[node] += stored.size();
    int namespace = batch.namespace(NAMESPACE);
    int form = batch.form(SLICE, 1 << 20);
    int tier = batch.tier("gpu");
    for (int block : stored) {
      int index = block % PROMPT;
      batch.stored(
          Hashes.of(block),
          index == 0 ? null : Hashes.of(block - 1),
          namespace,
          index,
          form,
          tier,
          Long.MAX_VALUE);
    }
    return batch;
  }

  /** Matches the beginnings of prompts and stores them again; look-ups and stores a second. */
  private double operations(int prompts) {
    long cpu = 0;
    for (int i = 0; i < prompts; i++) {
      int prompt = prompt();
      List<BlockHash> chain = chain(prompt);
      ChangeBatch batch = batch(prompt, MATCH);
      long start = cpuNanos();
      image.match(chain, Set.of(), 16, DOMAIN);
      image.apply(batch);
      cpu += cpuNanos() - start;
    }
    return 2.0 * MATCH * prompts / (cpu / 1e9);
  }

  private Histogram matches(int count) {
    Histogram nanos = new Histogram(3);
    for (int i = 0; i < count; i++) {
      List<BlockHash> chain = chain(prompt());
      long cpu = cpuNanos();
      long start = System.nanoTime();
      int found = image.match(chain, Set.of(), 16, DOMAIN).clusters().getFirst().matchedBlocks();
      nanos.recordValue(System.nanoTime() - start);
      matchCpuNanos += cpuNanos() - cpu;
      if (found != MATCH) {
        throw new IllegalStateException("matched " + found + " of " + MATCH);
      }
    }
    return nanos;
  }

  private int prompt() {
    return random.nextInt(blocks / PROMPT) * PROMPT;
  }

  private static List<BlockHash> chain(int prompt) {
    List<BlockHash> chain = new ArrayList<>(MATCH);
    for (int block = prompt; block < prompt + MATCH; block++) {
      chain.add(Hashes.of(block));
    }
    return chain;
  }

  private static long computingP99(long p50Nanos) {
    long steps = LINES / MATCHES;
    long nanos = computing(steps).getValueAtPercentile(50);
    return computing(steps * p50Nanos / nanos).getValueAtPercentile(99);
  }

  private static Histogram computing(long steps) {
    Histogram nanos = new Histogram(3);
    long number = 1;
    for (int i = 0; i < MATCHES; i++) {
      long start = System.nanoTime();
      for (long step = 0; step < steps; step++) {
        number = Hashes.mix(number);
      }
      nanos.recordValue(System.nanoTime() - start);
    }
    if (number == 0) {
      throw new IllegalStateException("0");
    }
    return nanos;
  }

  /** Nanoseconds a random line takes, {@code together} of them independent of each other. */
  private double lines(int together) {
    long[] words = new long[8 * Math.max(1 << 10, Math.min(blocks, 1 << 23))];
    int count = words.length / 8;
    for (int i = 0; i < count; i++) {
      words[8 * i] = Hashes.mix(i);
    }
    long[] at = new long[together];
    for (int i = 0; i < together; i++) {
      at[i] = Hashes.mix(-i);
    }
    long start = cpuNanos();
    for (int read = 0; read < LINES; read += together) {
      for (int i = 0; i < together; i++) {
        int line = (int) Math.unsignedMultiplyHigh(at[i], count);
        at[i] = at[i] * 0x9E3779B97F4A7C15L + words[8 * line];
      }
    }
    double nanos = (cpuNanos() - start) / (double) LINES;
    return at[0] == 0 ? 0 : nanos;
  }

  private static long heapAfterCollection(int round) {
    System.gc();
    long used = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    return round == 2 ? used : heapAfterCollection(round + 1);
  }

  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionCount)
        .sum();
  }

  private static long collectionMs() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionTime)
        .sum();
  }

  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }
}
