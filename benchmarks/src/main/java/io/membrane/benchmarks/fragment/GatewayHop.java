package io.membrane.benchmarks.fragment;

import io.membrane.cli.fleet.Fleet;
import io.membrane.cli.fleet.FleetPlan;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Progress;
import io.membrane.cli.fleet.RedisChoice;
import io.membrane.cli.machine.Port;
import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the hop through the gateway costs: fragments stored and read over 8 connections, at the
 * node's own port, at its direct port with a token, and through the gateway, in turn in each of
 * several rounds. Floor: each byte is copied into one more socket and out of it. The option of the
 * environment is for both compilers, as where they run for long; {@code ./membrane} has one.
 *
 * <pre>
 * _JAVA_OPTIONS=-XX:TieredStopAtLevel=4 java -Xmx512m -XX:MaxDirectMemorySize=1g \
 *   -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.fragment.GatewayHop . 5
 * </pre>
 */
public final class GatewayHop {

  private static final int CONNECTIONS = 8;
  private static final int MIB = 1 << 20;
  private static final int BYTES_OF_A_ROUND = 256 * MIB;
  private static final int STORED = 8;
  private static final int MOST = 4 * MIB;
  private static final String[] NAMES = {"node", "direct port", "gateway"};

  private final Values values = new Values(MOST);
  private final AtomicLong fresh = new AtomicLong(1L << 40);
  private final int[] ports;
  private final String token;

  private GatewayHop(int[] ports, String token) {
    this.ports = ports;
    this.token = token;
  }

  /** One call of one connection. */
  @FunctionalInterface
  private interface Step {
    void run(HttpConnection connection) throws IOException;
  }

  /** Arguments: project root, rounds after as many to warm up. */
  public static void main(String[] args) throws Exception {
    if (args.length != 2) {
      throw new IllegalArgumentException("usage: GatewayHop <project root> <rounds>");
    }
    Path folder = Files.createTempDirectory("membrane-hop");
    Path secret = Files.writeString(folder.resolve("secret"), "0123456789abcdef".repeat(4));
    int direct = Port.free(1).getFirst();
    FleetPlan plan =
        FleetPlan.in(Path.of(args[0]))
            .onFreePorts()
            .withState(folder)
            .withRedis(new RedisChoice.Embedded("4gb"))
            .withArguments(
                Member.FRAGMENT,
                "--membrane.fragment.memory=128MB",
                "--membrane.fragment.direct.port=" + direct,
                "--membrane.fragment.direct.secret-file=" + secret)
            .withArguments(
                Member.GATEWAY,
                "--membrane.gateway.direct.secret-file=" + secret,
                "--membrane.gateway.security.anonymous=true");
    try (Fleet fleet = Fleet.start(plan, Progress.SILENT)) {
      int[] ports = {plan.port(Member.FRAGMENT), direct, plan.port(Member.GATEWAY)};
      new GatewayHop(ports, token(fleet.url(Member.GATEWAY))).run(Integer.parseInt(args[1]));
    }
  }

  private static String token(URI gateway) throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpRequest ask =
          HttpRequest.newBuilder(gateway.resolve("/v1/fragment-tokens"))
              .POST(BodyPublishers.noBody())
              .build();
      String answer = http.send(ask, BodyHandlers.ofString()).body();
      return WireJson.mapper().readTree(answer).get("token").asString();
    }
  }

  private void run(int rounds) throws Exception {
    for (int bytes : new int[] {64 * 1024, MIB, MOST}) {
      long first = fresh.getAndAdd(STORED);
      for (long number = first; number < first + STORED; number++) {
        long one = number;
        call(0, bytes, 1, c -> c.put(one, bytes));
      }
      AtomicLong turn = new AtomicLong();
      compare("GET", bytes, rounds, c -> c.get(first + turn.getAndIncrement() % STORED, bytes));
      compare("PUT", bytes, rounds, c -> c.put(fresh.getAndIncrement(), bytes));
    }
  }

  private void compare(String what, int bytes, int rounds, Step step) throws Exception {
    int calls = Math.max(2 * CONNECTIONS, BYTES_OF_A_ROUND / bytes);
    List<List<double[]>> millis = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    double[][] rates = new double[NAMES.length][rounds];
    for (int round = -rounds; round < rounds; round++) {
      for (int side = 0; side < NAMES.length; side++) {
        long start = System.nanoTime();
        List<double[]> took = call(side, bytes, calls, step);
        if (round >= 0) {
          millis.get(side).addAll(took);
          rates[side][round] = (double) calls * bytes / MIB / ((System.nanoTime() - start) / 1e9);
        }
      }
    }
    for (int side = 0; side < NAMES.length; side++) {
      report(what, bytes, side, millis.get(side), rates);
    }
  }

  private static void report(
      String what, int bytes, int side, List<double[]> millis, double[][] rates) {
    double[] sorted = millis.stream().flatMapToDouble(Arrays::stream).sorted().toArray();
    double[] ratios = new double[rates[side].length];
    Arrays.setAll(ratios, round -> rates[side][round] / rates[0][round]);
    System.out.printf(
        "%s %5d KiB  %-12s %7.0f MiB/s  of the node's own port %.2f  p50 %7.2f ms  p99 %7.2f ms%n",
        what,
        bytes / 1024,
        NAMES[side],
        median(rates[side]),
        median(ratios),
        sorted[sorted.length / 2],
        sorted[(int) (0.99 * (sorted.length - 1))]);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** Milliseconds of each call, by connection. */
  private List<double[]> call(int side, int bytes, int calls, Step step) throws Exception {
    int connections = Math.min(CONNECTIONS, calls);
    List<double[]> took = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(connections)) {
      List<Future<double[]>> parts = new ArrayList<>();
      for (int i = 0; i < connections; i++) {
        parts.add(threads.submit(() -> callAll(side, bytes, calls / connections, step)));
      }
      for (Future<double[]> part : parts) {
        took.add(part.get());
      }
    } catch (ExecutionException e) {
      throw new IOException(NAMES[side] + " fails: " + e.getCause(), e);
    }
    return took;
  }

  private double[] callAll(int side, int bytes, int calls, Step step) throws IOException {
    double[] took = new double[calls];
    String headers = side == 1 ? "Authorization: Bearer " + token + "\r\n" : "";
    try (HttpConnection connection = new HttpConnection(ports[side], values, bytes, headers)) {
      for (int i = 0; i < calls; i++) {
        long start = System.nanoTime();
        step.run(connection);
        took[i] = (System.nanoTime() - start) / 1e6;
      }
    }
    return took;
  }
}
