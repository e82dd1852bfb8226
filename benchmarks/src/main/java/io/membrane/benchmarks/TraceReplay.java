package io.membrane.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.block.Tokens;
import io.membrane.cli.fleet.Fleet;
import io.membrane.cli.fleet.FleetPlan;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Progress;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.WireJson;
import io.membrane.scheduler.simulation.traffic.Trace;
import io.membrane.scheduler.trace.TraceReader;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.ReconstructionClient.ContextRequest;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.ContextTimings;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.HdrHistogram.Histogram;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Conversations of a trace through the whole fleet, one request after the other: time to first
 * token with Membrane, through the gateway, beside that of the same worker alone, which computes
 * every prompt from its first token and stores nothing. Each request is made both ways, in turns
 * which is first, and both must predict the same token.
 *
 * <p>Lengths are scaled down and the structure kept: a block of the trace, of 512 tokens, is a
 * block of the fleet, of so many tokens as {@code --block-tokens} says, and the rest of a prompt is
 * as much shorter. A conversation is what begins with the same two blocks; of all conversations a
 * share is played whole, in the order of the trace.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.TraceReplay --model models/tiny-llama
 * </pre>
 */
@Command(
    name = "TraceReplay",
    mixinStandardHelpOptions = true,
    description = "Plays conversations of a trace to a fleet and to its worker alone.")
public final class TraceReplay implements Callable<Integer> {

  private static final int VOCABULARY = 1000;
  private static final int WARM_UP = 30;
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final Map<String, ToDoubleFunction<ContextTimings>> PHASES = phaseNames();

  @Option(names = "--home", description = "Root of the project, built. Default: here.")
  private Path home = Path.of("").toAbsolutePath();

  @Option(names = "--model", required = true, description = "A model directory.")
  private Path model = Path.of("");

  @Option(names = "--trace", description = "A .jsonl.gz. Default: the conversation trace.")
  private Path trace =
      Path.of("scheduler-service/src/test/resources/traces/conversation_trace.jsonl.gz");

  @Option(names = "--block-tokens", description = "Default: ${DEFAULT-VALUE}.")
  private int blockTokens = 16;

  @Option(names = "--one-of", description = "Of so many conversations one is played. Default: 25.")
  private int oneOf = 25;

  @Option(
      names = "--argument",
      description = "A program argument of reconstruction-service or the worker.")
  private List<String> arguments = List.of();

  private final HttpClient http = HttpClient.newHttpClient();
  private final Histogram with = new Histogram(3);
  private final Histogram alone = new Histogram(3);
  private final Histogram withHit = new Histogram(3);
  private final Histogram aloneHit = new Histogram(3);
  private final Map<String, Double> phases = new LinkedHashMap<>();
  private long tokens;
  private long reused;

  /** A prompt, and how many of its leading blocks came before. */
  private record Prompt(Tokens tokens, int knownBlocks) {}

  private static Map<String, ToDoubleFunction<ContextTimings>> phaseNames() {
    Map<String, ToDoubleFunction<ContextTimings>> names = new LinkedHashMap<>();
    names.put("hash", ContextTimings::hash);
    names.put("match", ContextTimings::match);
    names.put("route", ContextTimings::route);
    names.put("fetch", ContextTimings::fetch);
    names.put("prefill", ContextTimings::prefill);
    names.put("store", ContextTimings::store);
    return names;
  }

  public static void main(String[] args) {
    System.exit(new CommandLine(new TraceReplay()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    List<Prompt> prompts = prompts();
    FleetPlan plan =
        FleetPlan.in(home)
            .onFreePorts()
            .withState(Files.createTempDirectory("membrane-replay"))
            .withModel(model.toAbsolutePath(), blockTokens)
            .withArguments(Member.RECONSTRUCTION, arguments.toArray(String[]::new))
            .withArguments(Member.COMPUTE, arguments.toArray(String[]::new));
    try (Fleet fleet = Fleet.start(plan, Progress.SILENT)) {
      warmUp(fleet);
      double stored = bytes(fleet, "membrane_fragment_bytes_in");
      double fetched = bytes(fleet, "membrane_fragment_bytes_out");
      int same = 0;
      for (int i = 0; i < prompts.size(); i++) {
        same += play(fleet, prompts.get(i), i % 2 == 0) ? 1 : 0;
      }
      report(prompts, same);
      System.out.printf(
          Locale.ROOT,
          "stored %.1f MiB, fetched %.1f MiB%n",
          (bytes(fleet, "membrane_fragment_bytes_in") - stored) / (1 << 20),
          (bytes(fleet, "membrane_fragment_bytes_out") - fetched) / (1 << 20));
    }
    return 0;
  }

  private List<Prompt> prompts() throws IOException {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(home.resolve(trace)))) {
      Trace read = TraceReader.read(in);
      Set<Integer> known = new HashSet<>();
      return IntStream.range(0, read.requests())
          .filter(r -> isPlayed(read, r))
          .mapToObj(r -> prompt(read, r, known))
          .toList();
    }
  }

  private boolean isPlayed(Trace read, int request) {
    int key = read.block(request, Math.min(1, read.blocks(request) - 1));
    return new Random(key).nextInt(oneOf) == 0;
  }

  private Prompt prompt(Trace read, int request, Set<Integer> known) {
    int full = read.inputTokens(request) / Trace.BLOCK_TOKENS;
    int rest = read.inputTokens(request) % Trace.BLOCK_TOKENS * blockTokens / Trace.BLOCK_TOKENS;
    int leading = 0;
    while (leading < full && known.contains(read.block(request, leading))) {
      leading++;
    }
    long[] ids =
        IntStream.range(0, full + (rest > 0 ? 1 : 0))
            .mapToObj(i -> read.block(request, i))
            .flatMapToLong(block -> new Random(block).longs(blockTokens, 0, VOCABULARY))
            .limit(Math.max(1, full * blockTokens + rest))
            .toArray();
    IntStream.range(0, full).forEach(i -> known.add(read.block(request, i)));
    return new Prompt(Tokens.of(ids), leading);
  }

  /** Prompts of nobody else's. */
  private void warmUp(Fleet fleet) throws IOException, InterruptedException {
    for (int i = 0; i < WARM_UP; i++) {
      Tokens prompt =
          Tokens.of(new Random(-1 - i / 2).longs(24L * blockTokens, 0, VOCABULARY).toArray());
      context(fleet, prompt);
      alone(fleet, prompt);
    }
  }

  private boolean play(Fleet fleet, Prompt prompt, boolean isAloneFirst)
      throws IOException, InterruptedException {
    Timed<PrefillResponse> first = isAloneFirst ? alone(fleet, prompt.tokens()) : null;
    Timed<ContextResponse> context = context(fleet, prompt.tokens());
    Timed<PrefillResponse> other = first == null ? alone(fleet, prompt.tokens()) : first;
    with.recordValue(context.micros());
    alone.recordValue(other.micros());
    if (prompt.knownBlocks() > 1) {
      withHit.recordValue(context.micros());
      aloneHit.recordValue(other.micros());
    }
    addPhases(context.answer().timingsMs(), context.micros() / 1e3);
    tokens += context.answer().totalTokens();
    reused += context.answer().coverage().reusedTokens();
    return Objects.requireNonNull(context.answer().nextToken()).id()
        == Objects.requireNonNull(other.answer().nextToken()).id();
  }

  private void addPhases(ContextTimings timings, double totalMs) {
    PHASES.forEach((phase, ms) -> phases.merge(phase, ms.applyAsDouble(timings), Double::sum));
    phases.merge("gateway and client", totalMs - timings.total(), Double::sum);
  }

  /** An answer and how long it took. */
  private record Timed<T>(T answer, long micros) {}

  private Timed<ContextResponse> context(Fleet fleet, Tokens prompt)
      throws IOException, InterruptedException {
    return post(
        fleet.url(Member.GATEWAY).resolve("/v1/contexts"),
        new ContextRequest(null, prompt, null, null, null, null, null, null, true),
        ContextResponse.class);
  }

  private Timed<PrefillResponse> alone(Fleet fleet, Tokens prompt)
      throws IOException, InterruptedException {
    return post(
        fleet.url(Member.COMPUTE).resolve("/v1/prefill"),
        new PrefillRequest(null, prompt, null, null, false, true),
        PrefillResponse.class);
  }

  private <T> Timed<T> post(URI url, Object body, Class<T> type)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .header(CallContext.DEADLINE_HEADER, Long.toString(PATIENCE.toMillis()))
            .POST(HttpRequest.BodyPublishers.ofByteArray(WireJson.mapper().writeValueAsBytes(body)))
            .build();
    long start = System.nanoTime();
    HttpResponse<byte[]> answer = http.send(request, BodyHandlers.ofByteArray());
    long micros = (System.nanoTime() - start) / 1000;
    if (answer.statusCode() != 200) {
      throw new IllegalStateException(answer.statusCode() + " " + new String(answer.body(), UTF_8));
    }
    return new Timed<>(WireJson.mapper().readValue(answer.body(), type), micros);
  }

  /** The sum of a counter of fragment-service, whatever its tags. */
  private double bytes(Fleet fleet, String counter) throws IOException, InterruptedException {
    URI url = fleet.url(Member.FRAGMENT).resolve("/actuator/prometheus");
    return http.send(HttpRequest.newBuilder(url).build(), BodyHandlers.ofLines())
        .body()
        .filter(line -> line.startsWith(counter))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private void report(List<Prompt> prompts, int same) {
    long known = prompts.stream().mapToLong(Prompt::knownBlocks).sum() * blockTokens;
    System.out.printf(
        Locale.ROOT,
        "%d requests, %.0f tokens each; reused %.2f %% of the tokens, %.2f %% at most;"
            + " the same token %d times%n",
        prompts.size(),
        (double) tokens / prompts.size(),
        100.0 * reused / tokens,
        100.0 * known / tokens,
        same);
    System.out.println(
        "| TTFT, ms | requests | mean | p50 | p90 | p99 |\n|---|---|---|---|---|---|");
    row("with Membrane", with);
    row("the worker alone", alone);
    row("with, where at least two blocks came before", withHit);
    row("alone, the same requests", aloneHit);
    System.out.println("| phase | ms of a request |\n|---|---|");
    phases.forEach((phase, ms) ->
        System.out.printf(Locale.ROOT, "| %s | %.2f |%n", phase, ms / prompts.size()));
  }

  private static void row(String what, Histogram micros) {
    System.out.printf(
        Locale.ROOT,
        "| %s | %d | %.1f | %.1f | %.1f | %.1f |%n",
        what,
        micros.getTotalCount(),
        micros.getMean() / 1e3,
        micros.getValueAtPercentile(50) / 1e3,
        micros.getValueAtPercentile(90) / 1e3,
        micros.getValueAtPercentile(99) / 1e3);
  }
}
