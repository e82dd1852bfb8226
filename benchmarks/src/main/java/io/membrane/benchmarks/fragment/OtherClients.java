package io.membrane.benchmarks.fragment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads from Redis by {@code redis-benchmark} and from the fragment service's memory by {@code
 * wrk}, in turns: clients in C that others have written, each with one thread. Both are to be on
 * the {@code PATH}. Linux only.
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
  private static final long BYTES_OF_A_TURN = 5L << 30;
  private static final Pattern REDIS_RATE = Pattern.compile("\"GET[^\"]*\",\"([0-9.]+)\"");
  private static final Pattern WRK_RATE = Pattern.compile("Requests/sec: *([0-9.]+)");

  private final Rig rig;
  private final Servers servers;
  private final Path folder;

  private OtherClients(Rig rig, Servers servers, Path folder) {
    this.rig = rig;
    this.servers = servers;
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
      OtherClients clients = new OtherClients(rig, new Servers(rig, new Values(most)), folder);
      for (int kib : sizes) {
        Path script = clients.fill(kib << 10);
        clients.wrk(script, 8, WARM_UP_SECONDS);
        for (int connections : numbers(args[2])) {
          report.text(
              "%s", clients.turns(script, kib << 10, connections, Integer.parseInt(args[3])));
        }
      }
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

  private String turns(Path script, int bytes, int connections, int turns) throws IOException {
    List<Double> redis = new ArrayList<>();
    List<Double> service = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    for (int turn = 0; turn < turns; turn++) {
      redis.add(redisBenchmark(bytes, connections));
      service.add(wrk(script, connections, TURN_SECONDS));
      ratios.add(service.getLast() / redis.getLast());
    }
    return String.format(
        Locale.ROOT,
        "| %s | %d | %.0f | %.0f | %s |",
        Report.size(bytes),
        connections,
        Report.median(redis),
        Report.median(service),
        Report.spread(ratios));
  }

  private double redisBenchmark(int bytes, int connections) throws IOException {
    long calls = BYTES_OF_A_TURN / bytes;
    return rate(
        REDIS_RATE,
        "redis-benchmark",
        "-p",
        Integer.toString(rig.redis().port()),
        "-t",
        "get",
        "-c",
        Integer.toString(connections),
        "-n",
        Long.toString(calls),
        "-r",
        Integer.toString(WORKING_SET / bytes),
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
