package io.membrane.benchmarks.directory;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.directory.snapshot.Snapshots;
import io.membrane.directory.snapshot.Standing;
import io.membrane.wire.LogPosition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Snapshots of the image at a number of blocks: seconds until one is on the disk, seconds until an
 * image is made of it, bytes of the file for a block. 64 nodes store prompts of 8,192 blocks, one
 * place each, 16 blocks of each in turn. While a snapshot is written the image takes in events as
 * fast as it can, of the blocks that it has: their rate meanwhile, by the clock.
 *
 * <p>The file that is read was just written, so the page cache has it. What reading the log's rest
 * takes comes on top of it.
 *
 * <pre>
 * java -Xmx3g -XX:+UseG1GC \
 *   -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.directory.SnapshotBenchmark 100000 1000000 10000000
 * </pre>
 */
public final class SnapshotBenchmark {

  private static final int PROMPT = 8192;
  private static final int RUN = 16;
  private static final int NODES = 64;
  private static final int ROUND = NODES * PROMPT;
  private static final int WARM_UP = 300_000;
  private static final String LIFE = "life";
  private static final String DOMAIN = "public";
  private static final Namespace NAMESPACE = new Namespace("model", "r1", "bf16", 16);
  private static final Slice SLICE = Slice.attention(32);

  private final int blocks;
  private final long[] sequences = new long[NODES];
  private final ChangeBatch batch = new ChangeBatch();

  private SnapshotBenchmark(int blocks) {
    this.blocks = blocks;
  }

  /** Arguments: numbers of blocks. */
  public static void main(String[] args) throws IOException {
    System.out.println("| blocks | to write, s | to read, s | bytes/block | events/s meanwhile |");
    System.out.println("|---|---|---|---|---|");
    new SnapshotBenchmark(WARM_UP).measure();
    for (String blocks : args) {
      System.out.println(new SnapshotBenchmark(Integer.parseInt(blocks)).measure());
    }
  }

  /** A row of the table. */
  private String measure() throws IOException {
    Path folder = Files.createTempDirectory("snapshots");
    try (Snapshots snapshots =
        new Snapshots(folder, Duration.ofDays(1), Long.MAX_VALUE, Clock.systemUTC())) {
      double eventsPerSecond = write(snapshots);
      Image restored = new Image(blocks, Clock.systemUTC());
      long start = System.nanoTime();
      if (snapshots.load(LIFE, at -> true, restored) == null || restored.blocks() != blocks) {
        throw new IllegalStateException("read " + restored.blocks() + " of " + blocks);
      }
      double toRead = (System.nanoTime() - start) / 1e9;
      return String.format(
          Locale.ROOT,
          "| %,d | %.2f | %.2f | %.1f | %,.0f |",
          blocks,
          snapshots.lastSeconds(),
          toRead,
          (double) snapshots.lastBytes() / blocks,
          eventsPerSecond);
    } finally {
      drop(folder);
    }
  }

  /** Fills an image and writes it down; events a second that it took in meanwhile. */
  private double write(Snapshots snapshots) {
    Image image = new Image(blocks, Clock.systemUTC());
    for (int run = 0; run * RUN < blocks; run++) {
      store(image, run);
    }
    Standing standing =
        new Standing(LIFE, new LogPosition(1, 0), System.currentTimeMillis(), 0, false, List.of());
    snapshots.tick(Integer.MAX_VALUE, 0, () -> standing, image);
    long start = System.nanoTime();
    long events = 0;
    for (int run = 0; snapshots.lastBytes() == 0; run = (run + 1) % (blocks / RUN)) {
      events += store(image, run);
      if (snapshots.failures() > 0) {
        throw new IllegalStateException("no snapshot could be written");
      }
    }
    return events / ((System.nanoTime() - start) / 1e9);
  }

  /** Stores the blocks of one prompt's run; runs go round over the prompts of 64 nodes. */
  private int store(Image image, int run) {
    int before = run * RUN;
    int node = run % NODES;
    int index = before % ROUND / (NODES * RUN) * RUN;
    int first = before / ROUND * ROUND + node * PROMPT + index;
    int size = Math.min(RUN, blocks - before);
    batch.begin(new Source("cluster", "node" + node, DOMAIN), new NodeProgress(1, sequences[node]));
    sequences[node] += size;
    int namespace = batch.namespace(NAMESPACE);
    int form = batch.form(SLICE, 1 << 20);
    int tier = batch.tier("gpu");
    for (int i = 0; i < size; i++) {
      BlockHash parent = index + i == 0 ? null : Hashes.of(first + i - 1);
      batch.stored(Hashes.of(first + i), parent, namespace, index + i, form, tier, Long.MAX_VALUE);
    }
    image.apply(batch);
    return size;
  }

  private static void drop(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
