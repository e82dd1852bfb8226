package io.membrane.benchmarks.directory;

import static io.membrane.benchmarks.directory.FleetOptions.clientCpuSeconds;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.membrane.scheduler.simulation.traffic.Trace;
import io.membrane.scheduler.trace.TraceReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * What engines ask of the directory, over REST, client and server on the same cores: each prompt is
 * matched, then the engine that has it says that it stores all of its blocks. First the requests of
 * a trace, in its blocks of 512 tokens, then prompts of 128K tokens in blocks of 16, the second
 * half of which begin as those of the first do. Engines are connections; each does its part of the
 * prompts in order, so what another one stores at the same moment may be missed: how many leading
 * blocks were found is said beside how many would be if the prompts came one after the other.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.directory.TraceLoad
 * </pre>
 */
@Command(
    name = "TraceLoad",
    mixinStandardHelpOptions = true,
    description = "Plays a trace to the directory over REST.")
public final class TraceLoad implements Callable<Integer> {

  private static final int LONG_PROMPT = 8192;
  private static final String JSON = "application/json";
  private static final String FOUND = "\"clusters\":[{\"cluster\":\"c\",\"matched_blocks\":";

  @Mixin private FleetOptions directory = new FleetOptions();

  @Option(names = "--trace", description = "A .jsonl.gz. Default: the conversation trace.")
  private Path trace =
      Path.of("scheduler-service/src/test/resources/traces/conversation_trace.jsonl.gz");

  @Option(names = "--connections", description = "Default: ${DEFAULT-VALUE}.")
  private int connections = 4;

  @Option(names = "--long-prompts", description = "Default: ${DEFAULT-VALUE}.")
  private int longPrompts = 80;

  @Option(names = "--turns", description = "After one that is not counted. Default: 3.")
  private int turns = 3;

  private long epoch;

  /** A prompt's calls. */
  private record Prompt(ByteBuffer match, ByteBuffer store) {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new TraceLoad()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    int[][] requests = requests();
    int[][] longOnes = longOnes();
    try (DirectoryFleet fleet = directory.start()) {
      for (int turn = 0; turn <= turns; turn++) {
        play(fleet, requests, Trace.BLOCK_TOKENS, turn == 0 ? "warm-up, trace" : "trace");
      }
      for (int turn = 0; turn <= turns; turn++) {
        play(fleet, longOnes, 16, turn == 0 ? "warm-up, 128K tokens" : "128K tokens");
      }
    }
    return 0;
  }

  private int[][] requests() throws IOException {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(directory.resolve(trace)))) {
      Trace read = TraceReader.read(in);
      return IntStream.range(0, read.requests())
          .mapToObj(r -> IntStream.range(0, read.blocks(r)).map(i -> read.block(r, i)).toArray())
          .toArray(int[][]::new);
    }
  }

  private int[][] longOnes() {
    return IntStream.range(0, longPrompts)
        .mapToObj(p ->
            IntStream.range(0, LONG_PROMPT)
                .map(i -> (i < LONG_PROMPT / 2 ? p % (longPrompts / 2) : p) * LONG_PROMPT + i)
                .toArray())
        .toArray(int[][]::new);
  }

  /** Blocks of its own, in an epoch of its own: of what was stored before nothing is found. */
  private void play(DirectoryFleet fleet, int[][] prompts, int blockTokens, String name)
      throws Exception {
    epoch++;
    List<List<Prompt>> calls = calls(prompts, blockTokens);
    Histogram matches = new ConcurrentHistogram(3);
    Histogram stores = new ConcurrentHistogram(3);
    AtomicLong found = new AtomicLong();
    double directory = fleet.cpuSeconds();
    double client = clientCpuSeconds();
    long start = System.nanoTime();
    try (ExecutorService engines = Executors.newFixedThreadPool(connections)) {
      List<Future<?>> running = new ArrayList<>();
      for (List<Prompt> own : calls) {
        running.add(
            engines.submit(() -> {
              play(fleet, own, matches, stores, found);
              return null;
            }));
      }
      for (Future<?> engine : running) {
        engine.get();
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    long blocks = IntStream.range(0, prompts.length).mapToLong(p -> prompts[p].length).sum();
    System.out.printf(
        Locale.ROOT,
        "%s: %,.0f prompts/s, %,.0f blocks/s matched and stored; match p50 %.2f, p99 %.2f ms; store"
            + " p50 %.2f, p99 %.2f ms; processor µs a block: directory %.2f, client %.2f;"
            + " %,d leading blocks found, %,d one after the other%n",
        name,
        prompts.length / seconds,
        2 * blocks / seconds,
        matches.getValueAtPercentile(50) / 1e6,
        matches.getValueAtPercentile(99) / 1e6,
        stores.getValueAtPercentile(50) / 1e6,
        stores.getValueAtPercentile(99) / 1e6,
        (fleet.cpuSeconds() - directory) * 1e6 / blocks,
        (clientCpuSeconds() - client) * 1e6 / blocks,
        found.get(),
        leading(prompts));
  }

  private static void play(
      DirectoryFleet fleet,
      List<Prompt> prompts,
      Histogram matches,
      Histogram stores,
      AtomicLong found)
      throws IOException {
    try (KeptConnection connection = new KeptConnection(fleet.port())) {
      for (Prompt prompt : prompts) {
        long start = System.nanoTime();
        String answer = connection.exchange(prompt.match());
        long matched = System.nanoTime();
        connection.receive(prompt.store());
        stores.recordValue(System.nanoTime() - matched);
        matches.recordValue(matched - start);
        found.addAndGet(found(answer));
      }
    }
  }

  private static int found(String answer) {
    int at = answer.lastIndexOf(FOUND);
    int from = at + FOUND.length();
    return at < 0 ? 0 : Integer.parseInt(answer.substring(from, answer.indexOf(',', from)));
  }

  /** The calls of each connection, made before. */
  private List<List<Prompt>> calls(int[][] prompts, int blockTokens) {
    List<List<Prompt>> calls = new ArrayList<>();
    long[] sequences = new long[connections];
    for (int connection = 0; connection < connections; connection++) {
      calls.add(new ArrayList<>());
    }
    for (int p = 0; p < prompts.length; p++) {
      int node = p % connections;
      calls.get(node).add(prompt(prompts[p], blockTokens, node, sequences[node]));
      sequences[node] += prompts[p].length;
    }
    return calls;
  }

  private Prompt prompt(int[] blocks, int blockTokens, int node, long sequence) {
    StringBuilder match = new StringBuilder("{\"block_hashes\":[");
    StringBuilder store =
        new StringBuilder(
            "{\"node\":\"e%d\",\"cluster\":\"c\",\"epoch\":%d,\"sequence\":%d,\"events\":["
                .formatted(node, epoch, sequence));
    String before = null;
    for (int i = 0; i < blocks.length; i++) {
      String hash = Hashes.of(epoch << Integer.SIZE | blocks[i]).hex();
      match.append(i == 0 ? "\"" : ",\"").append(hash).append('"');
      store
          .append(i == 0 ? "" : ",")
          .append("{\"type\":\"stored\",\"namespace\":{\"model\":\"m\",\"revision\":\"r\",")
          .append("\"kv_dtype\":\"bf16\",\"block_tokens\":%d},".formatted(blockTokens))
          .append("\"block_hash\":\"")
          .append(hash)
          .append(before == null ? "" : "\",\"parent_hash\":\"" + before)
          .append("\",\"slice\":\"attn.0-31.0of1\",\"tier\":\"gpu\",")
          .append("\"token_span\":[%d,%d]}".formatted(i * blockTokens, (i + 1) * blockTokens));
      before = hash;
    }
    return new Prompt(
        post("/v1/directory/match", match.append("]}")),
        post("/v1/directory/events", store.append("]}")));
  }

  private static ByteBuffer post(String path, StringBuilder body) {
    return KeptConnection.post(path, JSON, body.toString().getBytes(US_ASCII));
  }

  /** Leading blocks that an earlier prompt had, over all prompts. */
  private static long leading(int[][] prompts) {
    Set<Integer> known = new HashSet<>();
    long leading = 0;
    for (int[] prompt : prompts) {
      for (int i = 0; i < prompt.length && known.contains(prompt[i]); i++) {
        leading++;
      }
      IntStream.of(prompt).forEach(known::add);
    }
    return leading;
  }
}
