package io.membrane.fragment;

import static io.membrane.fragment.FragmentHttp.code;
import static io.membrane.fragment.FragmentHttp.header;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.Frame;
import io.membrane.wire.ListingLine;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/**
 * Redis dies, hangs, comes back, or is cut off in the middle of an answer. Nothing is kept in
 * memory.
 */
@SpringBootTest(
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {"spring.data.redis.timeout=500ms", "membrane.fragment.memory=0B"})
class OutageTest {

  private static final RedisProcess REDIS = RedisProcess.embedded();
  private static final FaultProxy PROXY = new FaultProxy(REDIS.port());
  private static final Duration FIVE_SECONDS = Duration.ofSeconds(5);
  private static final Duration QUICKLY = Duration.ofSeconds(3);

  private final Random random = new Random(19);
  private final FragmentKey key = FragmentHttp.key(random);
  private final byte[] body = Seeds.bytes(random, 500_000);

  @LocalServerPort private int port;
  private FragmentHttp http;

  /** The service is started while Redis cannot be reached. */
  @DynamicPropertySource
  static void properties(DynamicPropertyRegistry registry) {
    PROXY.inject(new Fault.Refuse());
    registry.add("spring.data.redis.url", () -> "redis://127.0.0.1:" + PROXY.port());
  }

  @AfterAll
  static void stop() {
    PROXY.close();
    REDIS.close();
  }

  @BeforeEach
  void recover() {
    http = new FragmentHttp(port);
    PROXY.inject(new Fault.Refuse());
    isUnavailableAndSaysSo();
    PROXY.heal();
    isReadyAgain();
  }

  @Test
  void aRedisThatWasKilledIsMissedUntilItIsBack() throws IOException {
    http.put(key, body);
    REDIS.kill();
    isUnavailableAndSaysSo();
    REDIS.restart();
    isReadyAgain();
    assertThat(http.get(key).statusCode()).isEqualTo(404);
    assertThat(http.put(key, body).statusCode()).isEqualTo(201);
    assertThat(http.get(key).body()).isEqualTo(body);
  }

  @Test
  void aRedisThatHangsIsMissedUntilItGoesOn() throws IOException {
    http.put(key, body);
    REDIS.pause();
    try {
      isUnavailableAndSaysSo();
    } finally {
      REDIS.resume();
    }
    isReadyAgain();
    assertThat(http.get(key).body()).isEqualTo(body);
    assertThat(http.put(key, body).statusCode()).isEqualTo(200);
  }

  @Test
  void nothingThatWasAcknowledgedIsLostOrWrongWhenRedisHangsForFiveSecondsUnderLoad()
      throws Exception {
    Map<FragmentKey, byte[]> acknowledged = new ConcurrentHashMap<>();
    Set<Integer> statuses = ConcurrentHashMap.newKeySet();
    AtomicBoolean ends = new AtomicBoolean();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> load = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Random own = new Random(100 + i);
        load.add(callers.submit(() -> putAndGet(own, ends, acknowledged, statuses)));
      }
      try {
        Awaitility.await().until(() -> acknowledged.size() > 20);
        long start = System.nanoTime();
        REDIS.pause();
        try {
          Awaitility.await().until(() -> System.nanoTime() - start > FIVE_SECONDS.toNanos());
        } finally {
          REDIS.resume();
        }
        int before = acknowledged.size();
        Awaitility.await().until(() -> acknowledged.size() > before + 20);
      } finally {
        ends.set(true);
      }
      for (Future<?> each : load) {
        each.get();
      }
    }

    assertThat(statuses).contains(503).isSubsetOf(200, 201, 503);
    isReadyAgain();
    for (Map.Entry<FragmentKey, byte[]> each : acknowledged.entrySet()) {
      assertThat(http.get(each.getKey()).body()).isEqualTo(each.getValue());
    }
  }

  private @Nullable Void putAndGet(
      Random own, AtomicBoolean ends, Map<FragmentKey, byte[]> acknowledged, Set<Integer> statuses)
      throws IOException {
    while (!ends.get()) {
      FragmentKey mine = FragmentHttp.key(own);
      byte[] bytes = Seeds.bytes(own, 20_000);
      int put = http.put(mine, bytes).statusCode();
      statuses.add(put);
      if (put == 201) {
        acknowledged.put(mine, bytes);
        HttpResponse<byte[]> got = http.get(mine);
        statuses.add(got.statusCode());
        if (got.statusCode() == 200) {
          assertThat(got.body()).isEqualTo(bytes);
        }
      }
    }
    return null;
  }

  @Test
  void anAnswerOfRedisThatIsCutIsNeverServed() throws IOException {
    http.put(key, body);
    PROXY.inject(new Fault.CutAfter(100_000));
    HttpResponse<byte[]> answer = http.get(key);
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(code(answer)).isEqualTo("dependency_unavailable");
    PROXY.heal();
    isReadyAgain();
    assertThat(http.get(key).body()).isEqualTo(body);
  }

  @Test
  void aListingThatRedisCutsShortIsNeverTakenForAWholeOne() throws IOException {
    for (int i = 0; i < 20; i++) {
      http.put(FragmentHttp.key(random), body);
    }
    String whole = listing();
    assertThat(whole).contains("\"complete\"");
    for (int bytes = 64; bytes < whole.length() / 4; bytes *= 4) {
      PROXY.inject(new Fault.CutAfter(bytes));
      assertThat(listing()).as("cut after %d bytes", bytes).doesNotContain("\"complete\"");
      PROXY.heal();
      isReadyAgain();
    }
    assertThat(listing().lines().count()).isEqualTo(whole.lines().count());
  }

  @Test
  void moreThanTwoListingsAtATimeAreTooMany() throws Exception {
    REDIS.pause();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Integer> statuses = new ArrayList<>();
      for (Future<Integer> answer :
          callers.invokeAll(Collections.<Callable<Integer>>nCopies(4, this::list))) {
        statuses.add(answer.get());
      }
      assertThat(statuses).containsExactlyInAnyOrder(429, 429, 503, 503);
    } finally {
      REDIS.resume();
    }
    isReadyAgain();
    assertThat(list()).isEqualTo(200);
  }

  private int list() throws IOException {
    return http.send(http.request(ListingLine.PATH).GET()).statusCode();
  }

  /** What came of it. */
  private String listing() throws IOException {
    try {
      return new String(
          http.send(http.request(ListingLine.PATH).GET()).body(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("chunked transfer encoding");
      return "";
    }
  }

  @Test
  void aPutWhoseAnswerIsLostIsCompletedByTheNext() throws IOException {
    PROXY.inject(new Fault.Silence());
    HttpResponse<byte[]> answer = http.put(key, body);
    assertThat(answer.statusCode()).isEqualTo(503);
    PROXY.heal();
    isReadyAgain();
    HttpResponse<byte[]> again = http.put(key, body);
    assertThat(again.statusCode()).isIn(200, 201);
    assertThat(header(again, "Membrane-Log-Position")).matches("\\d+-\\d+");
    assertThat(http.get(key).body()).isEqualTo(body);
  }

  @Test
  void aBatchInTheMiddleOfAnOutageEndsInAnErrorOrInErrorFrames() throws IOException {
    FragmentKey[] keys = new FragmentKey[40];
    Arrays.setAll(keys, i -> FragmentHttp.key(random));
    for (FragmentKey each : keys) {
      http.put(each, body);
    }
    PROXY.inject(new Fault.CutAfter(13_000_000));
    List<Frame> frames = http.batchGet(List.of(keys));
    assertThat(frames).hasSize(keys.length);
    assertThat(frames.getLast().status()).isEqualTo(503);
    assertThat(frames).allSatisfy(frame -> assertThat(frame.body()).isIn(body, new byte[0]));
  }

  @Test
  void anUploadGoesOnWhereItWasOnceRedisGoesOn() throws IOException {
    String at = beginUpload(Arrays.copyOf(body, 300_000));
    byte[] rest = Arrays.copyOfRange(body, 300_000, body.length);
    REDIS.pause();
    try {
      HttpResponse<byte[]> answer = appendLast(at, 300_000, rest);
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(header(answer, "Upload-Complete")).isEqualTo("?0");
    } finally {
      REDIS.resume();
    }
    isReadyAgain();
    HttpResponse<byte[]> known = http.send(http.request(at).HEAD());
    assertThat(header(known, "Upload-Offset")).isEqualTo("300000");
    assertThat(appendLast(at, 300_000, rest).statusCode()).isEqualTo(201);
    assertThat(http.get(key).body()).isEqualTo(body);
  }

  @Test
  void anUploadOfARedisThatHasLostItsDataIsGone() throws IOException {
    String at = beginUpload(body);
    REDIS.kill();
    REDIS.restart();
    isReadyAgain();
    assertThat(http.send(http.request(at).HEAD()).statusCode()).isEqualTo(404);
    assertThat(appendLast(at, body.length, new byte[0]).statusCode()).isEqualTo(404);
  }

  /** The cuts are before, within and behind what Redis answers to the steps of the completion. */
  @ParameterizedTest
  @ValueSource(ints = {100, 250_000, 500_200, 500_400, 500_500, 500_600, 500_700, 500_900})
  void aCompletionThatIsCutAnywhereIsCompletedOrAnsweredAgain(int bytes) throws IOException {
    String at = beginUpload(body);
    PROXY.inject(new Fault.CutAfter(bytes));
    assertThat(appendLast(at, body.length, new byte[0]).statusCode()).isIn(201, 503);
    PROXY.heal();
    isReadyAgain();
    HttpResponse<byte[]> again = appendLast(at, body.length, new byte[0]);
    assertThat(again.statusCode()).isEqualTo(201);
    assertThat(header(again, "Upload-Complete")).isEqualTo("?1");
    assertThat(http.get(key).body()).isEqualTo(body);
  }

  private String beginUpload(byte[] first) throws IOException {
    http.delete(key);
    HttpResponse<byte[]> begun =
        http.send(
            http.request("/v1/uploads")
                .POST(BodyPublishers.ofByteArray(first))
                .headers(FragmentHttp.META.toArray(String[]::new))
                .headers("Membrane-Fragment", key.toString(), "Upload-Complete", "?0"));
    assertThat(begun.statusCode()).isEqualTo(201);
    return header(begun, "Location");
  }

  private HttpResponse<byte[]> appendLast(String at, long offset, byte[] last) throws IOException {
    return http.send(
        http.request(at)
            .method("PATCH", BodyPublishers.ofByteArray(last))
            .headers("Upload-Offset", Long.toString(offset), "Upload-Complete", "?1")
            .header("Content-Type", "application/partial-upload"));
  }

  /** With a key of its own: what was refused may still happen when Redis goes on. */
  private void isUnavailableAndSaysSo() {
    FragmentKey other = FragmentHttp.key(random);
    for (Callable<HttpResponse<byte[]>> call :
        List.<Callable<HttpResponse<byte[]>>>of(
            () -> http.get(other),
            () -> http.put(other, body),
            () -> http.head(other).statusCode() == 503 ? http.get(other) : http.head(other),
            () -> http.delete(other),
            () -> http.postJson("/v1/fragments/exists", FragmentHttp.keys(List.of(other))),
            () -> http.postJson("/v1/fragments/batch-get", FragmentHttp.keys(List.of(other))))) {
      long start = System.nanoTime();
      HttpResponse<byte[]> answer = answer(call);
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(code(answer)).isEqualTo("dependency_unavailable");
      assertThat(FragmentHttp.json(answer).path("retriable").asBoolean()).isTrue();
      assertThat(header(answer, "Retry-After")).isEqualTo("1");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(QUICKLY);
    }
    assertThat(health("readiness")).isEqualTo(503);
    assertThat(health("liveness")).isEqualTo(200);
  }

  private void isReadyAgain() {
    Awaitility.await().until(() -> health("readiness") == 200);
    Awaitility.await().until(() -> http.head(key).statusCode() != 503);
  }

  private int health(String group) {
    return answer(() -> http.send(http.request("/actuator/health/" + group).GET())).statusCode();
  }

  private static HttpResponse<byte[]> answer(Callable<HttpResponse<byte[]>> call) {
    try {
      return call.call();
    } catch (Exception e) {
      throw new AssertionError("the service does not answer", e);
    }
  }
}
