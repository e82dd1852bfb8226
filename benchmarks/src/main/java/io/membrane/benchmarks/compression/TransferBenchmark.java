package io.membrane.benchmarks.compression;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Puts real KV into a fragment-service that runs, one fragment after the other over one connection,
 * and gets it: as it is, and as it is stored. Start the service once for each {@code
 * membrane.fragment.compression}, with {@code membrane.fragment.memory=0B}, so that Redis is read.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.compression.TransferBenchmark http://127.0.0.1:8082 DIRECTORY PREFIX
 * </pre>
 */
public final class TransferBenchmark {

  private static final int ROUNDS = 12;
  private static final int WARM_UP = 12;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Random random = new Random();
  private final URI base;
  private final List<byte[]> bodies = new ArrayList<>();
  private long received;

  private TransferBenchmark(URI base, Path directory, String prefix) throws IOException {
    this.base = base;
    try (var files = Files.list(directory)) {
      for (Path file :
          files.filter(f -> f.getFileName().toString().startsWith(prefix)).sorted().toList()) {
        bodies.add(Files.readAllBytes(file));
      }
    }
  }

  /** Arguments: the service, a directory of fragments, how the names of those to take begin. */
  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length != 3) {
      throw new IllegalArgumentException("usage: TransferBenchmark <url> <directory> <prefix>");
    }
    new TransferBenchmark(URI.create(args[0]), Path.of(args[1]), args[2]).run();
  }

  private void run() throws IOException, InterruptedException {
    long bytes = bodies.stream().mapToLong(body -> body.length).sum();
    double[] put = new double[ROUNDS];
    double[] plain = new double[ROUNDS];
    double[] stored = new double[ROUNDS];
    for (int round = -WARM_UP; round < ROUNDS; round++) {
      List<FragmentKey> keys = new ArrayList<>();
      long start = System.nanoTime();
      for (byte[] body : bodies) {
        // Other bytes in each round: equal ones would be stored once.
        body[random.nextInt(body.length)]++;
        keys.add(put(body));
      }
      double putSeconds = seconds(start);
      double plainSeconds = get(keys, "identity");
      double storedSeconds = get(keys, "zstd");
      if (round >= 0) {
        put[round] = bytes / 1e6 / putSeconds;
        plain[round] = bytes / 1e6 / plainSeconds;
        stored[round] = bytes / 1e6 / storedSeconds;
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%d of %d KiB; median MB/s of plain bytes: PUT %.0f, GET %.0f, GET as stored %.0f (%.1f %% fewer bytes)%n",
        bodies.size(),
        bodies.getFirst().length / 1024,
        median(put),
        median(plain),
        median(stored),
        100.0 - 100.0 * received / bytes);
  }

  private FragmentKey put(byte[] body) throws IOException, InterruptedException {
    FragmentKey key =
        new FragmentKey(
            new BlockHash(
                random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong()),
            Slice.attention(4));
    HttpRequest request =
        HttpRequest.newBuilder(base.resolve("/v1/fragments/" + key))
            .headers(
                "Membrane-Namespace",
                "{\"model\":\"m\",\"revision\":\"r\",\"kv_dtype\":\"bf16\",\"block_tokens\":256}",
                "Membrane-Parent",
                "root",
                "Membrane-Token-Span",
                "0-256")
            .PUT(BodyPublishers.ofByteArray(body))
            .build();
    HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
    if (answer.statusCode() != 201) {
      throw new IllegalStateException(answer.statusCode() + " " + answer.body());
    }
    return key;
  }

  private double get(List<FragmentKey> keys, String coding)
      throws IOException, InterruptedException {
    received = 0;
    long start = System.nanoTime();
    for (FragmentKey key : keys) {
      HttpRequest request =
          HttpRequest.newBuilder(base.resolve("/v1/fragments/" + key))
              .header("Accept-Encoding", coding)
              .build();
      HttpResponse<byte[]> answer = http.send(request, BodyHandlers.ofByteArray());
      if (answer.statusCode() != 200) {
        throw new IllegalStateException("status " + answer.statusCode());
      }
      received += answer.body().length;
    }
    return seconds(start);
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
