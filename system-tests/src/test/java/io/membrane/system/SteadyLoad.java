package io.membrane.system;

import static org.awaitility.Awaitility.await;

import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.WireJson;
import io.membrane.system.Http.Answer;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Requests of every kind to several gateways, until it is told to stop. A sender goes to the next
 * gateway where one refuses the connection, and sends again what it is told to send again.
 */
final class SteadyLoad {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int BYTES = 20_000;

  private final List<Http> gateways;
  private final LongAdder answered = new LongAdder();
  private final LongAdder moved = new LongAdder();
  private final Map<String, LongAdder> repeated = new ConcurrentHashMap<>();
  private final Queue<String> lost = new ConcurrentLinkedQueue<>();
  private volatile boolean running = true;

  SteadyLoad(List<URI> gateways) {
    this.gateways = gateways.stream().map(Http::new).toList();
  }

  long answered() {
    return answered.sum();
  }

  /** What came to no good end. */
  Queue<String> lost() {
    return lost;
  }

  void stop() {
    running = false;
  }

  /** Sends until it is told to stop; true. */
  boolean send(int seed) {
    Random random = new Random(seed);
    for (int i = 0; running; i++) {
      FragmentKey key = new FragmentKey(Seeds.hash(random), new Slice(Slice.Kind.ATTN, 0, 0, 0, 1));
      byte[] bytes = Seeds.bytes(random, BYTES);
      call("PUT fragment", i, http -> put(http, key, bytes), is(201));
      call(
          "GET fragment",
          i,
          http -> http.request("/v1/fragments/" + key),
          answer -> answer.status() == 200 && Arrays.equals(answer.response().body(), bytes));
      call("POST match", i, http -> match(http, key), is(200));
      call("POST contexts", i, http -> context(http, random.nextInt(997)), is(200));
      call("GET scheduler", i, http -> http.request("/v1/scheduler/state"), is(200));
      call("GET models", i, http -> http.request("/v1/models"), is(200));
      call("DELETE fragment", i, http -> delete(http, key), is(204));
    }
    return true;
  }

  private static Predicate<Answer> is(int status) {
    return answer -> answer.status() == status;
  }

  private void call(
      String what, int turn, Function<Http, HttpRequest.Builder> request, Predicate<Answer> good) {
    int[] tries = {0};
    @Nullable String[] said = {null};
    try {
      await()
          .atMost(PATIENCE)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(100))
          .until(() -> once(what, turn + tries[0]++, request, good, said));
      answered.increment();
    } catch (ConditionTimeoutException e) {
      lost.add(what + ": " + said[0]);
    }
  }

  /** Whether there is nothing more to be tried. */
  private boolean once(
      String what,
      int gateway,
      Function<Http, HttpRequest.Builder> request,
      Predicate<Answer> good,
      @Nullable String[] said) {
    Http http = gateways.get(gateway % gateways.size());
    try {
      Answer answer = http.send(request.apply(http));
      if (good.test(answer)) {
        return true;
      }
      said[0] = answer.status() + " " + answer.text();
      if (!isToBeRepeated(answer)) {
        lost.add(what + ": " + said[0]);
        return true;
      }
      repeated.computeIfAbsent(what, _ -> new LongAdder()).increment();
    } catch (UncheckedIOException e) {
      said[0] = String.valueOf(e.getCause());
      if (!(e.getCause() instanceof ConnectException)) {
        lost.add(what + ": " + said[0]);
        return true;
      }
      moved.increment();
    }
    return false;
  }

  private static boolean isToBeRepeated(Answer answer) {
    return (answer.status() == 503 || answer.status() == 429)
        && !answer.header("Retry-After").isEmpty();
  }

  private static HttpRequest.Builder put(Http http, FragmentKey key, byte[] bytes) {
    return http.request("/v1/fragments/" + key)
        .header("Membrane-Namespace", WireJson.mapper().writeValueAsString(Seeds.namespace(16)))
        .header("Membrane-Parent", "root")
        .header("Membrane-Token-Span", "0-16")
        .PUT(BodyPublishers.ofByteArray(bytes));
  }

  private static HttpRequest.Builder delete(Http http, FragmentKey key) {
    return http.request("/v1/fragments/" + key).DELETE();
  }

  private static HttpRequest.Builder match(Http http, FragmentKey key) {
    return json(http, "/v1/directory/match", Map.of("block_hashes", List.of(key.hash().hex())));
  }

  private static HttpRequest.Builder context(Http http, int seed) {
    long[] tokens =
        LongStream.range(0, 2L * TestFleet.BLOCK_TOKENS).map(i -> (i * 7 + seed) % 1000).toArray();
    return json(http, "/v1/contexts", Map.of("tokens", tokens));
  }

  private static HttpRequest.Builder json(Http http, String path, Object body) {
    return http.request(path)
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(WireJson.mapper().writeValueAsString(body)));
  }

  @Override
  public String toString() {
    return "%d requests answered, %d moved to the other gateway, sent again as told %s, lost %d"
        .formatted(answered.sum(), moved.sum(), repeated, lost.size());
  }
}
