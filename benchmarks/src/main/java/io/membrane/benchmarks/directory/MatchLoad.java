package io.membrane.benchmarks.directory;

import static io.membrane.benchmarks.directory.FleetOptions.clientCpuSeconds;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * What the directory takes over REST, client and server on the same cores: events in batches, then
 * matches of block hashes, all of which are there, beside the same server answering next to nothing
 * ({@code GET} of nodes that there are none of), which is the floor of a call.
 *
 * <pre>
 * mvn package -DskipTests
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.directory.MatchLoad
 * </pre>
 */
@Command(
    name = "MatchLoad",
    mixinStandardHelpOptions = true,
    description = "Measures the directory over REST.")
public final class MatchLoad implements Callable<Integer> {

  private static final int BATCH = 10_000;
  private static final int REQUESTS = 64;
  private static final int TURNS = 4;
  private static final String JSON = "application/json";
  private static final Namespace NAMESPACE = new Namespace("m", "r", "bf16", 16);

  @Mixin private FleetOptions directory = new FleetOptions();

  @Option(names = "--connections", description = "Default: ${DEFAULT-VALUE}.")
  private int connections = 8;

  @Option(names = "--hashes", description = "Blocks of a match. Default: ${DEFAULT-VALUE}.")
  private int hashes = 512;

  @Option(names = "--blocks", description = "Blocks in the directory. Default: ${DEFAULT-VALUE}.")
  private int blocks = 200_000;

  @Option(names = "--seconds", description = "Time of a turn. Default: ${DEFAULT-VALUE}.")
  private double seconds = 3;

  @Option(names = "--warm-up", description = "Seconds before the first turn.")
  private double warmUp = 20;

  public static void main(String[] args) {
    System.exit(new CommandLine(new MatchLoad()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    List<BlockHash> chain = chain();
    try (DirectoryFleet fleet = directory.start()) {
      fill(fleet, chain);
      List<ByteBuffer> matches = new ArrayList<>();
      Random random = new Random(2);
      for (int i = 0; i < REQUESTS; i++) {
        int from = hashes * random.nextInt(chain.size() / hashes);
        matches.add(match(chain.subList(from, from + hashes)));
      }
      check(fleet, matches.getFirst());
      ByteBuffer nothing =
          ByteBuffer.wrap(
              "GET /v1/nodes?role=none HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
      play(fleet, matches, warmUp, null);
      play(fleet, List.of(nothing), warmUp / 2, null);
      for (int turn = 0; turn < TURNS; turn++) {
        play(fleet, matches, seconds, "match of " + hashes);
        play(fleet, List.of(nothing), seconds, "nothing");
      }
    }
    return 0;
  }

  private List<BlockHash> chain() {
    Random random = new Random(1);
    List<BlockHash> chain = new ArrayList<>();
    for (int i = 0; i < blocks; i++) {
      chain.add(
          new BlockHash(
              random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong()));
    }
    return chain;
  }

  /** Chains of {@link #hashes} blocks each, in batches of events. */
  private void fill(DirectoryFleet fleet, List<BlockHash> chain) throws IOException {
    long start = System.nanoTime();
    double cpu = fleet.cpuSeconds();
    try (KeptConnection connection = new KeptConnection(fleet.port())) {
      for (int from = 0; from < chain.size(); from += BATCH) {
        StringBuilder events = new StringBuilder();
        for (int i = from; i < Math.min(from + BATCH, chain.size()); i++) {
          int index = i % hashes;
          events.append(events.isEmpty() ? "" : ",").append(event(chain, i, index));
        }
        String batch =
            "{\"node\":\"n\",\"cluster\":\"c\",\"epoch\":1,\"sequence\":%d,\"events\":[%s]}"
                .formatted(from, events);
        connection.exchange(
            KeptConnection.post("/v1/directory/events", JSON, batch.getBytes(US_ASCII)));
      }
    }
    double time = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        Locale.ROOT,
        "%,d events as JSON in batches of %,d: %,.0f/s, %.1f µs of the directory's processor each%n",
        chain.size(),
        BATCH,
        chain.size() / time,
        (fleet.cpuSeconds() - cpu) * 1e6 / chain.size());
  }

  private static String event(List<BlockHash> chain, int i, int index) {
    return """
    {"type":"stored","namespace":{"model":"m","revision":"r","kv_dtype":"bf16",\
    "block_tokens":16},"block_hash":"%s",%s"slice":"attn.0-31.0of1","bytes":4096,\
    "tier":"memory","token_span":[%d,%d]}\
    """
        .formatted(
            chain.get(i).hex(),
            index == 0 ? "" : "\"parent_hash\":\"" + chain.get(i - 1).hex() + "\",",
            index * NAMESPACE.blockTokens(),
            (index + 1) * NAMESPACE.blockTokens());
  }

  private static ByteBuffer match(List<BlockHash> chain) {
    StringBuilder body = new StringBuilder("{\"block_hashes\":[");
    chain.forEach(hash ->
        body.append(body.charAt(body.length() - 1) == '[' ? "\"" : ",\"")
            .append(hash.hex())
            .append('"'));
    return KeptConnection.post(
        "/v1/directory/match", JSON, body.append("]}").toString().getBytes(US_ASCII));
  }

  private void check(DirectoryFleet fleet, ByteBuffer match) throws IOException {
    try (KeptConnection connection = new KeptConnection(fleet.port())) {
      String answer = connection.exchange(match);
      if (!answer.contains("\"matched_blocks\":" + hashes)) {
        throw new IOException("not all blocks are found: " + answer.substring(0, 300));
      }
    }
  }

  private void play(
      DirectoryFleet fleet, List<ByteBuffer> requests, double time, @Nullable String name)
      throws Exception {
    double cpu = fleet.cpuSeconds();
    double own = clientCpuSeconds();
    long start = System.nanoTime();
    long end = start + Duration.ofNanos((long) (time * 1e9)).toNanos();
    Histogram all = new Histogram(3);
    try (ExecutorService threads = Executors.newFixedThreadPool(connections)) {
      List<Future<Histogram>> turns = new ArrayList<>();
      for (int i = 0; i < connections; i++) {
        int first = i;
        turns.add(threads.submit(() -> turn(fleet, requests, first, end)));
      }
      for (Future<Histogram> turn : turns) {
        all.add(turn.get());
      }
    }
    double elapsed = (System.nanoTime() - start) / 1e9;
    if (name != null) {
      System.out.printf(
          Locale.ROOT,
          "%s: %,.0f/s, p50 %.2f ms, p99 %.2f ms, processor µs a call: %.0f + %.0f of the client%n",
          name,
          all.getTotalCount() / elapsed,
          all.getValueAtPercentile(50) / 1e6,
          all.getValueAtPercentile(99) / 1e6,
          (fleet.cpuSeconds() - cpu) * 1e6 / all.getTotalCount(),
          (clientCpuSeconds() - own) * 1e6 / all.getTotalCount());
    }
  }

  private static Histogram turn(
      DirectoryFleet fleet, List<ByteBuffer> requests, int first, long end) throws IOException {
    Histogram latencies = new Histogram(3);
    try (KeptConnection connection = new KeptConnection(fleet.port())) {
      for (int i = first; System.nanoTime() < end; i++) {
        long start = System.nanoTime();
        connection.receive(requests.get(i % requests.size()));
        latencies.recordValue(System.nanoTime() - start);
      }
    }
    return latencies;
  }
}
