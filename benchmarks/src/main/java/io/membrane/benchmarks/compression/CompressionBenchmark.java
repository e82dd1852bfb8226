package io.membrane.benchmarks.compression;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * zstd on fragments as they are, and on their byte planes: what is saved, and what a core does in a
 * second, beside SHA-256. The speed of a link up to which it pays is that at which compressing,
 * sending less and expanding, one after the other, take as long as sending all.
 *
 * <p>The fragments are files {@code <model>-<f32|bf16|f16>-<block>.kv}, as {@code KvFiles} among
 * the tests of compute-worker writes them. Times are processor time, the best of five rounds.
 *
 * <pre>
 * java --enable-native-access=ALL-UNNAMED \
 *   -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.compression.CompressionBenchmark DIRECTORY
 * </pre>
 */
public final class CompressionBenchmark {

  private static final int ROUNDS = 5;
  private static final int[] LEVELS = {-5, -1, 1, 3};

  private CompressionBenchmark() {}

  /** Arguments: directory of fragments. */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      throw new IllegalArgumentException("usage: CompressionBenchmark <directory of fragments>");
    }
    System.out.println(
        "| fragments | form | level | smaller by | compress, MB/s | expand, MB/s | pays up to |");
    System.out.println("|---|---|---|---|---|---|---|");
    for (Map.Entry<String, List<ByteBuffer>> kind : fragments(Path.of(args[0])).entrySet()) {
      List<ByteBuffer> plain = kind.getValue();
      long bytes = plain.stream().mapToLong(ByteBuffer::capacity).sum();
      System.out.printf(
          Locale.ROOT,
          "| %s, %d of %d KiB | SHA-256 | | | %.0f | | |%n",
          kind.getKey(),
          plain.size(),
          bytes / plain.size() / 1024,
          bytes / 1e6 / seconds(plain, CompressionBenchmark::hash));
      for (int level : LEVELS) {
        measure(kind.getKey(), plain, level, 1);
        measure(kind.getKey(), plain, level, kind.getKey().endsWith("f32") ? 4 : 2);
      }
    }
  }

  private static Map<String, List<ByteBuffer>> fragments(Path directory) throws IOException {
    Map<String, List<ByteBuffer>> kinds = new TreeMap<>();
    List<Path> files;
    try (var listed = Files.list(directory)) {
      files = listed.filter(file -> file.toString().endsWith(".kv")).sorted().toList();
    }
    for (Path file : files) {
      String name = file.getFileName().toString();
      byte[] bytes = Files.readAllBytes(file);
      kinds
          .computeIfAbsent(name.substring(0, name.lastIndexOf('-')), kind -> new ArrayList<>())
          .add(ByteBuffer.allocateDirect(bytes.length).put(bytes).clear());
    }
    return kinds;
  }

  /**
   * Compresses and expands all fragments, each by itself.
   *
   * @param width bytes of an element whose planes are split; 1 for the bytes as they are
   */
  private static void measure(String kind, List<ByteBuffer> plain, int level, int width) {
    int most = plain.stream().mapToInt(ByteBuffer::capacity).max().orElseThrow();
    ByteBuffer planes = ByteBuffer.allocateDirect(most);
    ByteBuffer room = ByteBuffer.allocateDirect((int) Zstd.compressBound(most));
    List<ByteBuffer> forms = new ArrayList<>();
    double compress;
    double expand;
    try (ZstdCompressCtx encoder = new ZstdCompressCtx().setLevel(level);
        ZstdDecompressCtx decoder = new ZstdDecompressCtx()) {
      for (ByteBuffer one : plain) {
        int length = encode(encoder, one, planes, room, width);
        forms.add(ByteBuffer.allocateDirect(length).put(room.slice(0, length)).clear());
      }
      compress = seconds(plain, one -> encode(encoder, one, planes, room, width));
      ByteBuffer back = ByteBuffer.allocateDirect(most);
      expand =
          seconds(
              forms,
              form -> {
                ByteBuffer target = width == 1 ? back : planes;
                int length =
                    decoder.decompressDirectByteBuffer(target, 0, most, form, 0, form.capacity());
                if (width > 1) {
                  Planes.join(target.slice(0, length), back, width);
                }
              });
    }
    long before = plain.stream().mapToLong(ByteBuffer::capacity).sum();
    long after = forms.stream().mapToLong(ByteBuffer::capacity).sum();
    double megabytes = before / 1e6;
    double gbps = 8 * (before - after) / 1e9 / (compress + expand);
    System.out.printf(
        Locale.ROOT,
        "| %s | %s | %d | %.1f %% | %.0f | %.0f | %s |%n",
        kind,
        width == 1 ? "as it is" : "planes",
        level,
        100.0 * (before - after) / before,
        megabytes / compress,
        megabytes / expand,
        after < before ? String.format(Locale.ROOT, "%.2f Gbit/s", gbps) : "never");
  }

  private static int encode(
      ZstdCompressCtx encoder, ByteBuffer one, ByteBuffer planes, ByteBuffer room, int width) {
    ByteBuffer source = one;
    if (width > 1) {
      Planes.split(one, planes, width);
      source = planes;
    }
    return encoder.compressDirectByteBuffer(room, 0, room.capacity(), source, 0, one.capacity());
  }

  private static void hash(ByteBuffer one) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(one.duplicate().clear());
      sha.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Processor seconds of the best round. */
  private static double seconds(List<ByteBuffer> all, Consumer<ByteBuffer> work) {
    long[] rounds = new long[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      long start = processorTime();
      all.forEach(work);
      rounds[round] = processorTime() - start;
    }
    return Arrays.stream(rounds).min().orElseThrow() / 1e9;
  }

  private static long processorTime() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }
}
