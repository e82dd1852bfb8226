package io.membrane.benchmarks.fragment;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Two regions compared: two services over two Redis, of one machine, over HTTP. Names, contents and
 * bodies of one byte are written into Redis as the store lays them out. Of the keys one in a
 * thousand differs: half of these are on the asking side alone, half have other bytes there; so the
 * transfer that compares them finds nothing to pull. Prints how long the first inventory of each
 * side takes, and time, questions and bytes of comparisons.
 *
 * <pre>
 * mvn package -DskipTests
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.fragment.RegionBenchmark [keys, 1000000]
 * </pre>
 */
public final class RegionBenchmark {

  private static final int TURNS = 5;
  private static final int PAGE = 500;
  private static final int MOST_PENDING = 8;
  private static final String REDIS_MEMORY = "6gb";
  private static final String SLICE = "/attn.0-31.0of1";
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final String SEED =
      """
      for i = 1, #ARGV, 2 do
        local digest, version = ARGV[i + 1], '1.0000000000000000'
        local body = digest .. '.' .. version
        redis.call('SET', '{membrane}:name:tenant:default/' .. ARGV[i],
            '0000000000000 001 ' .. digest .. ' ' .. version .. '  0 3 1.0 1 default\\n\\n\\n')
        redis.call('SET', '{membrane}:content:' .. digest, '1 1088 ' .. version .. ' ' .. body)
        redis.call('SET', 'membrane:body:' .. body, 'x')
      end
      return #ARGV
      """;

  private final HttpClient http = HttpClient.newHttpClient();

  private RegionBenchmark() {}

  /** Measures and prints. */
  public static void main(String[] args) throws Exception {
    int keys = args.length > 0 ? Integer.parseInt(args[0]) : 1_000_000;
    try (Rig there = new Rig(wanted(List.of()));
        Rig here = new Rig(wanted(List.of("--membrane.fragment.peers=" + url(there))))) {
      new RegionBenchmark().run(there, here, keys);
    }
  }

  private static Rig.Wanted wanted(List<String> arguments) {
    List<String> all = new ArrayList<>(arguments);
    all.add("--membrane.fragment.membrain.port=-1");
    return new Rig.Wanted(Path.of("").toAbsolutePath(), null, REDIS_MEMORY, all, null, null, 1024);
  }

  private void run(Rig there, Rig here, int keys) throws Exception {
    long start = System.nanoTime();
    seed(there, keys, false);
    seed(here, keys, true);
    System.out.printf(
        Locale.ROOT, "%,d keys on each side, written in %.1f s%n", keys, seconds(start));
    for (Rig side : List.of(there, here)) {
      long begin = System.nanoTime();
      long count = inventory(side).path("keys").asLong();
      System.out.printf(Locale.ROOT, "first inventory: %,d keys in %.2f s", count, seconds(begin));
      begin = System.nanoTime();
      inventory(side);
      System.out.printf(Locale.ROOT, ", again in %.3f s%n", seconds(begin));
    }
    for (int turn = 0; turn < TURNS; turn++) {
      compare(there, here);
    }
  }

  private void compare(Rig there, Rig here) throws Exception {
    long begin = System.nanoTime();
    String id =
        post(here, "/v1/transfers", "{\"from\":\"" + url(there) + "\"}").path("id").asString();
    JsonNode state = get(here, "/v1/transfers/" + id);
    while (state.path("state").asString().equals("running")) {
      LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
      state = get(here, "/v1/transfers/" + id);
    }
    System.out.printf(
        Locale.ROOT,
        "compared in %.3f s: %s, %d questions, %,d bytes both ways, %d conflicts, %d missing%n",
        seconds(begin),
        state.path("state").asString(),
        state.path("questions").asInt(),
        state.path("exchange_bytes").asLong(),
        state.path("conflicts").asInt(),
        state.path("missing").asInt());
  }

  private static void seed(Rig side, int keys, boolean differs) throws Exception {
    Random random = new Random(1);
    Random other = new Random(2);
    RedisClient client = RedisClient.create("redis://127.0.0.1:" + side.redis().port());
    try (StatefulRedisConnection<String, String> redis = client.connect()) {
      Deque<RedisFuture<Long>> pending = new ArrayDeque<>();
      for (int i = 0; i < keys; i += PAGE) {
        List<String> arguments = new ArrayList<>(2 * PAGE);
        for (int j = i; j < Math.min(keys, i + PAGE); j++) {
          String hash = hex(random);
          String digest = hex(random);
          boolean isOdd = differs && j % 1000 == 0;
          arguments.addAll(List.of(hash + SLICE, isOdd && j % 2000 == 0 ? hex(other) : digest));
          if (isOdd && j % 2000 != 0) {
            arguments.addAll(List.of(hex(other) + SLICE, hex(other)));
          }
        }
        pending.add(
            redis
                .async()
                .eval(
                    SEED,
                    ScriptOutputType.INTEGER,
                    new String[] {"{membrane}:log"},
                    arguments.toArray(String[]::new)));
        if (pending.size() == MOST_PENDING) {
          await(pending.remove());
        }
      }
      for (RedisFuture<Long> written : pending) {
        await(written);
      }
    } finally {
      client.shutdown();
    }
  }

  private static void await(RedisFuture<Long> written) throws InterruptedException, IOException {
    try {
      written.get();
    } catch (ExecutionException e) {
      throw new IOException("names cannot be written", e);
    }
  }

  private static String hex(Random random) {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  private JsonNode inventory(Rig side) throws IOException, InterruptedException {
    return get(side, "/v1/inventory");
  }

  private JsonNode get(Rig side, String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(URI.create(url(side) + path)).GET());
  }

  private JsonNode post(Rig side, String path, String json)
      throws IOException, InterruptedException {
    return send(
        HttpRequest.newBuilder(URI.create(url(side) + path))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json)));
  }

  private JsonNode send(HttpRequest.Builder request) throws IOException, InterruptedException {
    var answer =
        http.send(
            request
                .header("Membrane-Deadline-Ms", Long.toString(PATIENCE.toMillis()))
                .timeout(PATIENCE)
                .build(),
            BodyHandlers.ofString());
    if (answer.statusCode() >= 300) {
      throw new IOException(answer.statusCode() + ": " + answer.body());
    }
    return JsonMapper.shared().readTree(answer.body());
  }

  private static String url(Rig side) {
    return "http://127.0.0.1:" + side.service().port();
  }

  private static double seconds(long startNanos) {
    return (System.nanoTime() - startNanos) / 1e9;
  }
}
