package io.membrane.benchmarks.fragment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;

/**
 * Reads from Redis by {@code redis-benchmark} and from the fragment service's memory by {@code
 * wrk}, in turns: clients in C that others have written, each with one thread. Both are to be on
 * the {@code PATH}. Then latencies of reads at half of what Redis gave, by {@link PacedReads}, and
 * writes of new values, by {@code redis-benchmark} and to both by {@link NewValues}. Linux only.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.fragment.OtherClients . 64,256,1024,4096 1,8,32 5
 * </pre>
 */
public final class OtherClients {

  private static final int WORKING_SET = 384 << 20;
  private static final int WARM_UP_SECONDS = 25;
  private static final int TURN_SECONDS = 2;
  private static final Duration WRITING_WARM_UP = Duration.ofSeconds(40);
  private static final Duration WRITING_TURN = Duration.ofSeconds(2);
  private static final Duration PACED_WARM_UP = Duration.ofMinutes(2);
  private static final Duration PACED_TURN = Duration.ofSeconds(3);
  private static final long BYTES_OF_A_TURN = 5L << 30;
  private static final long BYTES_OF_A_WRITING_TURN = 2L << 30;
  private static final long MOST_WRITTEN = 1L << 30;
  private static final long NEW_KEYS = 1_000_000_000;
  private static final Pattern REDIS_RATE = Pattern.compile("\"[GS]ET[^\"]*\",\"([0-9.]+)\"");
  private static final Pattern WRK_RATE = Pattern.compile("Requests/sec: *([0-9.]+)");

  private final Rig rig;
  private final Values values;
  private final Servers servers;
  private final Path folder;

  /** Number of the first of the values that were written last. */
  private long written = 1L << 50;

  private OtherClients(Rig rig, Values values, Path folder) {
    this.rig = rig;
    this.values = values;
    this.servers = new Servers(rig, values);
    this.folder = folder;
  }

  /**
   * Prints Markdown.
   *
   * @param args root of the project, sizes in KiB, numbers of connections, turns
   */
  public static void main(String[] args) throws IOException {
    int[] sizes = numbers(args[1]);
    int most = Arrays.stream(sizes).max().orElseThrow() << 10;
    Rig.Wanted wanted =
        new Rig.Wanted(
            Path.of(args[0]).toAbsolutePath(),
            null,
            "4gb",
            List.of("--membrane.fragment.memory=600MB"),
            null,
            null,
            most);
    Report report = new Report(System.out);
    report.text(
        "| value | connections | Redis, values/s | service | × Redis: median (least to most) |");
    report.text("|---|---|---|---|---|");
    try (Rig rig = new Rig(wanted)) {
      Path folder = Files.createTempDirectory("other-clients");
      OtherClients clients = new OtherClients(rig, new Values(most), folder);
      List<String> latencies = new ArrayList<>();
      for (int kib : sizes) {
        Path script = clients.fill(kib << 10);
        clients.wrk(script, 8, WARM_UP_SECONDS);
        for (int connections : numbers(args[2])) {
          int turns = Integer.parseInt(args[3]);
          Turns full = clients.turns(script, kib << 10, connections, turns);
          report.text("%s", full.line());
          latencies.add(clients.paced(kib << 10, connections, turns, full.redis() / 2));
        }
      }
      report.text("");
      report.text(
          "| new value | connections | SET/s by redis-benchmark | SET/s | PUT/s | × redis-benchmark | × SET |");
      report.text("|---|---|---|---|---|---|---|");
      for (int kib : sizes) {
        for (int connections : numbers(args[2])) {
          report.text("%s", clients.writes(kib << 10, connections, Integer.parseInt(args[3])));
        }
      }
      report.text("");
      report.text(
          "| value, reads/s | connections | Redis, p50 and p99 ms | service | p99 × Redis: median (least to most) |");
      report.text("|---|---|---|---|---|");
      latencies.forEach(line -> report.text("%s", line));
    }
  }

  private static int[] numbers(String list) {
    return Arrays.stream(list.split(",")).mapToInt(Integer::parseInt).toArray();
  }

  /** Stores values on both sides, in Redis by the keys that redis-benchmark asks for. */
  private Path fill(int bytes) throws IOException {
    int count = WORKING_SET / bytes;
    Stored stored = servers.fill(count, bytes);
    try (RedisConnection redis = servers.redis()) {
      for (int i = 0; i < count; i++) {
        redis.rename(stored.first() + i, "key:%012d".formatted(i));
      }
    }
    Path keys = folder.resolve("keys-" + bytes);
    List<String> lines = new ArrayList<>();
    ByteBuffer key = ByteBuffer.allocate(Values.KEY_BYTES);
    for (int i = 0; i < count; i++) {
      Values.key(stored.first() + i, key.clear());
      lines.add(new String(key.array(), StandardCharsets.US_ASCII));
    }
    Files.write(keys, lines);
    return Files.writeString(
        folder.resolve("get-" + bytes + ".lua"),
        """
        local requests, next = {}, 0
        request = function()
          if #requests == 0 then
            for key in io.lines("%s") do
              requests[#requests + 1] = wrk.format("GET", "/v1/fragments/" .. key .. "%s")
            end
            next = math.random(#requests)
          end
          next = next %% #requests + 1
          return requests[next]
        end
        """
            .formatted(keys, HttpConnection.SLICE));
  }

  private record Turns(double redis, String line) {}

  private Turns turns(Path script, int bytes, int connections, int turns) throws IOException {
    List<Double> redis = new ArrayList<>();
    List<Double> service = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    for (int turn = 0; turn < turns; turn++) {
      redis.add(
          redisBenchmark("get", BYTES_OF_A_TURN / bytes, WORKING_SET / bytes, bytes, connections));
      service.add(wrk(script, connections, TURN_SECONDS));
      ratios.add(service.getLast() / redis.getLast());
    }
    String line = line(bytes, connections, redis, service, ratios);
    return new Turns(Report.median(redis), line);
  }

  /** Writes of new values: by redis-benchmark, and by one client to both. */
  private String writes(int bytes, int connections, int turns) throws IOException {
    List<Double> other = new ArrayList<>();
    List<Double> redis = new ArrayList<>();
    List<Double> service = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    List<Double> ratiosToOther = new ArrayList<>();
    try (NewValues toRedis = NewValues.inRedis(rig.redis().port(), connections, values, bytes);
        NewValues toService =
            NewValues.inService(rig.service().port(), connections, values, bytes)) {
      write(toService, WRITING_WARM_UP);
      for (int turn = 0; turn < turns; turn++) {
        servers.empty();
        other.add(
            redisBenchmark("set", BYTES_OF_A_WRITING_TURN / bytes, NEW_KEYS, bytes, connections));
        redis.add(write(toRedis, WRITING_TURN));
        service.add(write(toService, WRITING_TURN));
        ratios.add(service.getLast() / redis.getLast());
        ratiosToOther.add(service.getLast() / other.getLast());
      }
    }
    return String.format(
        Locale.ROOT,
        "| %s | %d | %.0f | %.0f | %.0f | %s | %s |",
        Report.size(bytes),
        connections,
        Report.median(other),
        Report.median(redis),
        Report.median(service),
        Report.spread(ratiosToOther),
        Report.spread(ratios));
  }

  private double write(NewValues to, Duration time) throws IOException {
    servers.empty();
    written += MOST_WRITTEN;
    return to.run(time, written);
  }

  private static String line(
      int bytes, int connections, List<Double> redis, List<Double> service, List<Double> ratios) {
    return String.format(
        Locale.ROOT,
        "| %s | %d | %.0f | %.0f | %s |",
        Report.size(bytes),
        connections,
        Report.median(redis),
        Report.median(service),
        Report.spread(ratios));
  }

  private String paced(int bytes, int connections, int turns, double callsPerSecond)
      throws IOException {
    List<byte[]> commands = new ArrayList<>();
    List<byte[]> requests = new ArrayList<>();
    for (String key : Files.readAllLines(folder.resolve("keys-" + bytes))) {
      String command = "*2\r\n$3\r\nGET\r\n$16\r\nkey:%012d\r\n".formatted(commands.size());
      commands.add(command.getBytes(StandardCharsets.US_ASCII));
      String request =
          "GET /v1/fragments/%s%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
              .formatted(key, HttpConnection.SLICE);
      requests.add(request.getBytes(StandardCharsets.US_ASCII));
    }
    List<Histogram> redis = new ArrayList<>();
    List<Histogram> service = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    try (PacedReads fromRedis = new PacedReads(rig.redis().port(), connections, commands);
        PacedReads fromService = new PacedReads(rig.service().port(), connections, requests)) {
      fromRedis.run(PACED_TURN, callsPerSecond);
      fromService.run(PACED_WARM_UP, callsPerSecond);
      for (int turn = 0; turn < turns; turn++) {
        redis.add(fromRedis.run(PACED_TURN, callsPerSecond));
        service.add(fromService.run(PACED_TURN, callsPerSecond));
        ratios.add(millis(service.getLast(), 99) / millis(redis.getLast(), 99));
      }
    }
    return String.format(
        Locale.ROOT,
        "| %s, %.0f | %d | %s | %s | %s |",
        Report.size(bytes),
        callsPerSecond,
        connections,
        medians(redis),
        medians(service),
        Report.spread(ratios));
  }

  private static String medians(List<Histogram> turns) {
    return String.format(
        Locale.ROOT,
        "%.2f, %.2f",
        Report.median(turns.stream().map(turn -> millis(turn, 50)).toList()),
        Report.median(turns.stream().map(turn -> millis(turn, 99)).toList()));
  }

  private static double millis(Histogram latencies, double percentile) {
    return latencies.getValueAtPercentile(percentile) / 1e3;
  }

  private double redisBenchmark(String command, long calls, long keys, int bytes, int connections)
      throws IOException {
    return rate(
        REDIS_RATE,
        "redis-benchmark",
        "-p",
        Integer.toString(rig.redis().port()),
        "-t",
        command,
        "-c",
        Integer.toString(connections),
        "-d",
        Integer.toString(bytes),
        "-n",
        Long.toString(calls),
        "-r",
        Long.toString(keys),
        "--csv");
  }

  private double wrk(Path script, int connections, int seconds) throws IOException {
    return rate(
        WRK_RATE,
        "wrk",
        "-t1",
        "-c" + connections,
        "-d" + seconds + "s",
        "-s",
        script.toString(),
        "http://127.0.0.1:" + rig.service().port());
  }

  private static double rate(Pattern pattern, String... command) throws IOException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new IOException(
          command[0] + " is not on the PATH; install redis-benchmark (redis-tools) and wrk", e);
    }
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher rate = pattern.matcher(said);
    if (!rate.find() || said.contains("Non-2xx")) {
      throw new IOException(command[0] + ": " + said);
    }
    return Double.parseDouble(rate.group(1));
  }
}
