package io.membrane.benchmarks.fragment;

import io.membrane.benchmarks.fragment.Contest.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The fragment service beside raw Redis, the same client for both, in turns: whole reads and
 * writes, batches, existence, and the 99th percentile at half of Redis' full load. It starts a
 * Redis, the service with the launcher's JVM options over that Redis, and bare sockets as the
 * floor. Linux only, for the processor times.
 *
 * <pre>
 * mvn package -DskipTests
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.fragment.FragmentServiceBenchmark
 * </pre>
 *
 * About five minutes on an idle machine; {@code --quick} one; {@code --help} tells what can be
 * chosen.
 */
@Command(
    name = "FragmentServiceBenchmark",
    mixinStandardHelpOptions = true,
    description = "Measures the fragment service beside raw Redis; prints Markdown.")
public final class FragmentServiceBenchmark implements Callable<Integer> {

  enum Part {
    GET,
    BATCH,
    EXISTS,
    PUT,
    LATENCY
  }

  private static final double GIB = 1L << 30;
  private static final int BATCH = 64;
  private static final int BATCHED_BYTES = 64 << 10;
  private static final int ASKED = 1000;
  private static final int ASKED_BYTES = 1 << 10;
  private static final int ASKED_OF = 8192;
  private static final int LATENCY_CONNECTIONS = 8;
  private static final int QUICK_WORKING_SET_MIB = 192;

  @Option(
      names = "--home",
      paramLabel = "DIR",
      description = "Root of the project, built. Default: here.")
  private Path home = Path.of("").toAbsolutePath();

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "PART",
      description = "Some of: ${COMPLETION-CANDIDATES}. Default: all.")
  private Set<Part> parts = EnumSet.allOf(Part.class);

  @Option(
      names = "--sizes",
      split = ",",
      paramLabel = "KIB",
      description = "Sizes of the values in KiB. Default: 64, 256, 1024, 4096.")
  private List<Integer> sizes = List.of(64, 256, 1024, 4096);

  @Option(
      names = "--connections",
      split = ",",
      paramLabel = "N",
      description = "Default: 1, 8, 32.")
  private List<Integer> connections = List.of(1, 8, 32);

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "Time of a turn. Default: ${DEFAULT-VALUE}.")
  private double seconds = 0.5;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Turns of each side. Default: ${DEFAULT-VALUE}.")
  private int rounds = 3;

  @Option(
      names = "--warm-up",
      paramLabel = "S",
      description =
          "Time of the service's calls before the first turn of a part. Default: ${DEFAULT-VALUE}.")
  private double warmUpSeconds = 10;

  @Option(names = "--quick", description = "64 KiB and 1 MiB, 8 connections, two rounds.")
  private boolean quick;

  @Option(
      names = "--working-set",
      paramLabel = "MIB",
      description =
          "Values read: more than the CPU's caches, less than the memory tier."
              + " Default: ${DEFAULT-VALUE}.")
  private int workingSetMib = 384;

  @Option(
      names = "--redis-server",
      paramLabel = "FILE",
      description = "Default: the redis-server that ships with the project.")
  private @Nullable Path redisServer;

  @Option(names = "--redis-memory", paramLabel = "SIZE", description = "Default: ${DEFAULT-VALUE}.")
  private String redisMemory = "4gb";

  @Option(
      names = "--redis-port",
      paramLabel = "PORT",
      description = "A Redis that runs already. It is EMPTIED, again and again.")
  private @Nullable Integer redisPort;

  @Option(
      names = "--service-port",
      paramLabel = "PORT",
      description = "A service that runs already, over that Redis.")
  private @Nullable Integer servicePort;

  @Option(
      names = "--service-argument",
      paramLabel = "ARG",
      description = "A program argument of the service, e.g. --membrane.fragment.max-bytes=8MB.")
  private List<String> serviceArguments = new ArrayList<>();

  private final Report report = new Report(System.out);

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new FragmentServiceBenchmark())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .execute(args));
  }

  @Override
  public Integer call() throws IOException {
    if (quick) {
      sizes = List.of(64, 1024);
      connections = List.of(LATENCY_CONNECTIONS);
      rounds = 2;
      warmUpSeconds /= 2;
      workingSetMib = Math.min(workingSetMib, QUICK_WORKING_SET_MIB);
    }
    int maxBytes =
        Math.max(
            sizes.stream().mapToInt(FragmentServiceBenchmark::bytes).max().orElse(0),
            BATCHED_BYTES);
    double sha = Machine.digesting();
    report.text("# The fragment service beside raw Redis%n");
    report.text(
        "%s. Working set %d MiB. %d turns of %.1f s for each side.%n",
        Machine.name(), workingSetMib, rounds, seconds);
    report.text("Floor, one core: copying %.1f GB/s, SHA-256 %.2f GB/s.", Machine.copying(), sha);
    Values values = new Values(maxBytes);
    try (Rig rig =
        new Rig(
            new Rig.Wanted(
                home,
                redisServer,
                redisMemory,
                serviceArguments,
                redisPort,
                servicePort,
                maxBytes))) {
      Servers servers = new Servers(rig, values);
      Sides sides = new Sides(servers);
      if (parts.contains(Part.GET) || parts.contains(Part.LATENCY)) {
        reads(servers, sides);
      }
      if (parts.contains(Part.BATCH)) {
        batches(servers, sides);
      }
      if (parts.contains(Part.EXISTS)) {
        existences(servers, sides);
      }
      if (parts.contains(Part.PUT)) {
        puts(sides, GIB / 1e9 / sha);
      }
    }
    return 0;
  }

  /** Lets the service's compiler come to its end, which takes thousands of calls of each kind. */
  private void warmUp(Side service) throws IOException {
    Duration time = warmUpTime();
    new Contest(List.of(service), LATENCY_CONNECTIONS, time, time, 0, 0).onlyWarmUp();
  }

  /** GET at full load and, as the values are there, at half load. */
  private void reads(Servers servers, Sides sides) throws IOException {
    if (parts.contains(Part.GET)) {
      report.ratesOf("GET", "Redis");
    }
    Stored warm = servers.fill(count(bytes(sizes.getFirst())), bytes(sizes.getFirst()));
    warmUp(sides.gets(warm, bytes(sizes.getFirst())).get(Sides.SERVICE_GET));
    Map<Integer, List<Result>> halfLoad = new LinkedHashMap<>();
    for (int kib : sizes) {
      int bytes = bytes(kib);
      Stored stored = servers.fill(count(bytes), bytes);
      if (parts.contains(Part.GET)) {
        for (int n : connections) {
          report.rates(bytes, n, contest(sides.gets(stored, bytes), n).fullLoad());
        }
      }
      if (parts.contains(Part.LATENCY)) {
        halfLoad.put(
            bytes, contest(sides.gets(stored, bytes), LATENCY_CONNECTIONS).halfLoad(warmUpTime()));
      }
    }
    if (parts.contains(Part.LATENCY)) {
      report.latenciesOf("GET at half of Redis' full load, from the time a call was due");
      halfLoad.forEach((bytes, results) -> report.latencies(bytes, LATENCY_CONNECTIONS, results));
    }
  }

  private void batches(Servers servers, Sides sides) throws IOException {
    report.ratesOf("Batches of 64 × 64 KiB; the bar is 64 GETs, one after the other", "bar");
    Stored stored = servers.fill(count(BATCHED_BYTES), BATCHED_BYTES);
    warmUp(sides.batches(stored, BATCH, BATCHED_BYTES).get(Sides.SERVICE_MANY));
    for (int n : connections) {
      report.rates(
          BATCH * BATCHED_BYTES,
          n,
          contest(sides.batches(stored, BATCH, BATCHED_BYTES), n).fullLoad());
    }
  }

  private void existences(Servers servers, Sides sides) throws IOException {
    report.callsOf("Existence of 1,000 keys; the bar is 1,000 EXISTS, one after the other", "bar");
    Stored stored = servers.fill(ASKED_OF, ASKED_BYTES);
    warmUp(sides.existences(stored, ASKED).get(Sides.SERVICE_MANY));
    for (int n : connections) {
      report.calls(n, contest(sides.existences(stored, ASKED), n).fullLoad());
    }
  }

  private void puts(Sides sides, double shaSecondsPerGib) throws IOException {
    warmUp(sides.puts(bytes(sizes.getFirst()), LATENCY_CONNECTIONS).get(Sides.SERVICE_PUT));
    report.ratesOf("PUT of new values into an empty Redis", "Redis");
    List<String> floors = new ArrayList<>();
    for (int kib : sizes) {
      for (int n : connections) {
        List<Result> results = contest(sides.puts(bytes(kib), n), n).fullLoad();
        report.rates(bytes(kib), n, results);
        floors.add(floor(bytes(kib), n, results, shaSecondsPerGib));
      }
    }
    report.text("%nFloor of a put: loopback into the service + SHA-256 + Redis SET.%n");
    report.text(
        "| value | connections | parts | floor GB/s | reached | floor's CPU / the put's |%n|---|---|---|---|---|---|");
    floors.forEach(line -> report.text("%s", line));
  }

  private static String floor(
      int bytes, int connections, List<Result> results, double shaSecondsPerGib) {
    PutFloor floor =
        new PutFloor(shaSecondsPerGib, results.getLast().total(), results.getFirst().total());
    Sample put = results.get(Sides.SERVICE_PUT).total();
    double possible =
        floor.gigabytesPerSecond(connections, Runtime.getRuntime().availableProcessors());
    return "| %s | %d | %s | %.2f | %.0f %% | %.0f %% |"
        .formatted(
            Report.size(bytes),
            connections,
            floor.parts(connections),
            possible,
            100 * put.gigabytesPerSecond() / possible,
            100 * floor.cpuSecondsPerGib() / PutFloor.cpu(put));
  }

  private Contest contest(List<Side> sides, int connections) {
    Duration turn = Duration.ofNanos((long) (seconds * 1e9));
    return new Contest(sides, connections, turn, turn, rounds, 1L << 30);
  }

  private Duration warmUpTime() {
    return Duration.ofNanos((long) (warmUpSeconds * 1e9));
  }

  private int count(int bytes) {
    return Math.toIntExact(((long) workingSetMib << 20) / bytes);
  }

  private static int bytes(int kib) {
    return Math.multiplyExact(kib, 1 << 10);
  }
}
