package io.membrane.benchmarks.directory;

import io.membrane.block.Namespace;
import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.HdrHistogram.Histogram;
import tools.jackson.databind.JsonNode;

/**
 * How long after one replica of the directory has acknowledged an event another one answers with
 * it, seen by a caller that asks again and again over REST; first alone, then while an engine
 * stores blocks in batches of {@value #BATCH} at the first. In the end both have to answer the same
 * of every block.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.directory.ReplicaLag .
 * </pre>
 */
public final class ReplicaLag {

  private static final int WARM_UP = 300;
  private static final int EVENTS = 1000;
  private static final int BATCH = 100;
  private static final int ASKED_AT_ONCE = 1000;
  private static final Namespace NAMESPACE = new Namespace("model", "r1", "bf16", 16);

  private final HttpClient http = HttpClient.newHttpClient();
  private final AtomicLong nextBlock = new AtomicLong();
  private final URI first;
  private final URI second;
  private long sequence;
  private long loadSequence;

  private ReplicaLag(int first, int second) {
    this.first = URI.create("http://127.0.0.1:" + first);
    this.second = URI.create("http://127.0.0.1:" + second);
  }

  /** Argument: root of the project, built. */
  public static void main(String[] args) throws Exception {
    try (DirectoryFleet fleet = new DirectoryFleet(Path.of(args[0]).toAbsolutePath(), List.of())) {
      new ReplicaLag(fleet.port(), fleet.startReplica()).measure();
    }
  }

  private void measure() throws Exception {
    lags(WARM_UP);
    print("alone", lags(EVENTS));
    AtomicBoolean ended = new AtomicBoolean();
    long before = nextBlock.get();
    long start = System.nanoTime();
    Thread load = Thread.ofPlatform().start(() -> load(ended));
    try {
      print("beside a load", lags(EVENTS));
    } finally {
      ended.set(true);
      load.join();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        Locale.ROOT, "load: %,.0f blocks a second%n", (nextBlock.get() - before) / seconds);
    System.out.printf("%,d blocks, of which both answer the same%n", agreeing());
  }

  private void load(AtomicBoolean ended) {
    try {
      while (!ended.get()) {
        long from = nextBlock.getAndAdd(BATCH);
        store("load", loadSequence, LongStream.range(from, from + BATCH).toArray());
        loadSequence += BATCH;
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Histogram lags(int events) throws IOException, InterruptedException {
    Histogram micros = new Histogram(3);
    for (int i = 0; i < events; i++) {
      long block = nextBlock.getAndIncrement();
      store("engine", sequence++, block);
      long start = System.nanoTime();
      while (places(second, List.of(hash(block))).get(0).get("places").isEmpty()) {
        Thread.onSpinWait();
      }
      micros.recordValue((System.nanoTime() - start) / 1000);
    }
    return micros;
  }

  private void store(String node, long from, long... blocks)
      throws IOException, InterruptedException {
    List<Map<String, Object>> events =
        LongStream.of(blocks)
            .<Map<String, Object>>mapToObj(block ->
                Map.of(
                    "type",
                    "stored",
                    "namespace",
                    NAMESPACE,
                    "block_hash",
                    hash(block),
                    "slice",
                    "attn.0-31.0of1",
                    "bytes",
                    1024,
                    "tier",
                    "gpu",
                    "token_span",
                    List.of(0, 16)))
            .toList();
    post(
        first.resolve("/v1/directory/events"),
        Map.of("node", node, "cluster", "c", "epoch", 1, "sequence", from, "events", events));
  }

  /** Blocks that both name; a block of which they say different things is an error. */
  private long agreeing() throws IOException, InterruptedException {
    long blocks = nextBlock.get();
    for (long from = 0; from < blocks; from += ASKED_AT_ONCE) {
      List<String> hashes =
          LongStream.range(from, Math.min(blocks, from + ASKED_AT_ONCE))
              .mapToObj(ReplicaLag::hash)
              .toList();
      JsonNode one = places(first, hashes);
      JsonNode other = places(second, hashes);
      if (!one.equals(other)
          || IntStream.range(0, one.size()).anyMatch(i -> one.get(i).get("places").isEmpty())) {
        throw new IllegalStateException("the replicas differ behind block " + from);
      }
    }
    return blocks;
  }

  private JsonNode places(URI replica, List<String> hashes)
      throws IOException, InterruptedException {
    return post(replica.resolve("/v1/directory/locate"), Map.of("block_hashes", hashes))
        .get("blocks");
  }

  private JsonNode post(URI url, Object body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(WireJson.mapper().writeValueAsBytes(body)))
            .build();
    HttpResponse<byte[]> answer = http.send(request, BodyHandlers.ofByteArray());
    JsonNode json = WireJson.mapper().readTree(answer.body());
    if (answer.statusCode() / 100 != 2) {
      throw new IllegalStateException(answer.statusCode() + " " + json);
    }
    return json;
  }

  private static String hash(long block) {
    return Hashes.of(block).hex();
  }

  private static void print(String what, Histogram micros) {
    System.out.printf(
        Locale.ROOT,
        "%s: %,d events, p50 %.1f ms, p99 %.1f ms, most %.1f ms%n",
        what,
        micros.getTotalCount(),
        micros.getValueAtPercentile(50) / 1e3,
        micros.getValueAtPercentile(99) / 1e3,
        micros.getMaxValue() / 1e3);
  }
}
