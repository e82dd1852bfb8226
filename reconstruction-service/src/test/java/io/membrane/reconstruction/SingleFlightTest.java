package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Tokens;
import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Problem;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ComputeClient.ProfilePoint;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Two replicas over one Redis, asked for the same at once. */
class SingleFlightTest {

  private static final MiniFleet FLEET = FleetTest.FLEET;
  private static final RedisProcess REDIS = FleetTest.REDIS;
  private static final Duration LEASE = Duration.ofSeconds(1);

  private static Replica one;
  private static Replica other;
  private static StringRedisTemplate redis;

  private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch gate = new CountDownLatch(1);

  @BeforeAll
  static void start() {
    FLEET.reset();
    String lease = "membrane.reconstruction.lease=" + LEASE.toMillis() + "ms";
    one = new Replica(FLEET, REDIS, lease);
    other = new Replica(FLEET, REDIS, lease);
    redis = one.bean(StringRedisTemplate.class);
  }

  @AfterAll
  static void stop() {
    one.close();
    other.close();
    FLEET.reset();
  }

  @BeforeEach
  void healthy() {
    FLEET.reset();
  }

  @AfterEach
  void openAll() {
    gate.countDown();
    callers.shutdownNow();
  }

  @Test
  void identicalPromptsAtTwoReplicasAreComputedOnce() throws Exception {
    Tokens prompt = FleetTest.tokens(200, 96);
    FLEET.local.beforePrefill(this::atTheGate);

    List<Future<ContextResponse>> calls = askAtOnce(FleetTest.context(prompt), 16);
    gate.countDown();
    List<ContextResponse> answers = answers(calls);

    assertThat(FLEET.local.peer.calls("/v1/prefill")).hasSize(1);
    assertThat(answers.stream().mapToInt(a -> a.coverage().prefilledTokens()).sum()).isEqualTo(96);
    assertThat(answers.stream().mapToInt(a -> a.coverage().reusedTokens()).sum())
        .isEqualTo(15 * 96);
    assertThat(one.get("/actuator/prometheus").body())
        .contains("membrane_reconstruction_flights_total{")
        .contains("flight=\"joined\"");
  }

  @Test
  void promptsThatDifferInTheirTailsShareWhatTheyHaveInCommon() throws Exception {
    Tokens shared = FleetTest.tokens(201, 96);
    FLEET.local.beforePrefill(this::atTheGate);
    List<Future<ContextResponse>> calls = new ArrayList<>();
    for (int tail = 1; tail < 8; tail++) {
      FleetTest.Asked asked = FleetTest.context(withTail(shared, tail));
      calls.add(callers.submit(() -> one.ask(asked)));
    }
    awaitMatches(7);
    gate.countDown();
    answers(calls);

    assertThat(prefills().stream().filter(r -> r.prefix() == null)).hasSize(1);
  }

  @Test
  void whoWantsTheNextTokenComputesNoMoreThanThat() throws Exception {
    Tokens prompt = FleetTest.tokens(202, 96);
    FLEET.local.beforePrefill(this::atTheGate);

    List<Future<ContextResponse>> calls =
        askAtOnce(FleetTest.context(prompt).with("next_token", true), 6);
    gate.countDown();
    List<ContextResponse> answers = answers(calls);

    assertThat(answers).allSatisfy(answer -> assertThat(answer.nextToken()).isNotNull());
    assertThat(prefills().stream().filter(r -> r.prefix() == null)).hasSize(1);
    assertThat(prefills().stream().filter(r -> r.prefix() != null))
        .hasSize(5)
        .allSatisfy(r -> assertThat(Objects.requireNonNull(r.prefix()).blockHashes()).hasSize(6));
  }

  @Test
  void whatWasWaitedForIsReadEvenIfComputingSeemsFaster() throws Exception {
    Tokens prompt = FleetTest.tokens(210, 96);
    FLEET.local.measured(List.of(new ProfilePoint(1000, 1, 1L << 30)));
    heldByAnother(prompt, Duration.ofMinutes(1));
    try (Replica measured = new Replica(FLEET, REDIS)) {
      Future<ContextResponse> call =
          callers.submit(() -> measured.ask(FleetTest.context(prompt).with("next_token", true)));
      Awaitility.await().until(() -> redis.hasKey(key(prompt).replace("computing", "awaited")));
      FleetTest.store("local", prompt, 6);
      redis.delete(key(prompt));

      assertThat(answers(List.of(call)).getFirst().coverage().reusedTokens()).isEqualTo(96);
    } finally {
      FLEET.local.measured(null);
    }
  }

  @Test
  void theLeaseOfAReplicaThatDiedEnds() {
    Tokens prompt = FleetTest.tokens(203, 96);
    heldByAnother(prompt, Duration.ofMillis(600));

    ContextResponse answer = one.ask(FleetTest.context(prompt));

    assertThat(answer.coverage().prefilledTokens()).isEqualTo(96);
    assertThat(redis.opsForValue().get(key(prompt))).startsWith("done:");
  }

  @Test
  void aLeaseIsRenewedForAsLongAsItsHolderComputes() throws Exception {
    Tokens prompt = FleetTest.tokens(204, 96);
    FLEET.local.beforePrefill(this::atTheGate);
    List<Future<ContextResponse>> calls = askAtOnce(FleetTest.context(prompt), 2);

    Awaitility.await()
        .during(LEASE.multipliedBy(2))
        .atMost(Duration.ofSeconds(20))
        .until(() -> FLEET.local.peer.calls("/v1/prefill").size() == 1);
    gate.countDown();

    answers(calls);
    assertThat(FLEET.local.peer.calls("/v1/prefill")).hasSize(1);
  }

  @Test
  void whereTheFirstOneFailsAnotherComputes() throws Exception {
    Tokens prompt = FleetTest.tokens(205, 96);
    AtomicBoolean failed = new AtomicBoolean();
    FLEET.local.beforePrefill(() -> {
      atTheGate();
      if (failed.compareAndSet(false, true)) {
        throw new MembraneException(ErrorCode.STORAGE_FULL, "no room this time");
      }
    });
    String json = FleetTest.context(prompt).json();
    List<Future<HttpResponse<String>>> calls = new ArrayList<>();
    for (Replica replica : List.of(one, other, one, other)) {
      calls.add(callers.submit(() -> replica.post("/v1/contexts", json)));
    }
    awaitMatches(4);
    gate.countDown();

    assertThat(answers(calls))
        .extracting(HttpResponse::statusCode)
        .containsExactlyInAnyOrder(507, 200, 200, 200);
    assertThat(FLEET.local.peer.calls("/v1/prefill")).hasSize(2);
  }

  @Test
  void theWaitEndsAtTheCallersOwnDeadline() {
    Tokens prompt = FleetTest.tokens(206, 96);
    heldByAnother(prompt, Duration.ofMinutes(1));

    HttpResponse<String> answer =
        one.post("/v1/contexts", FleetTest.context(prompt).with("deadline_ms", 400).json());

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
    Problem problem = WireJson.mapper().readValue(answer.body(), Problem.class);
    assertThat(problem.code()).isEqualTo("deadline_exceeded");
    assertThat(problem.detail()).contains("same prompt");
    assertThat(FLEET.local.peer.calls("/v1/prefill")).isEmpty();
  }

  @Test
  void whatWasStoredSinceTheMatchIsMatchedBeforeItIsComputedAgain() {
    Tokens prompt = FleetTest.tokens(207, 96);
    String position = "1800000000000-77";
    redis.opsForValue().set(key(prompt), "done:" + position, Duration.ofMinutes(1));

    one.ask(FleetTest.context(prompt));

    List<Peer.Call> matches = FLEET.directory.calls("/v1/directory/match");
    assertThat(matches).hasSize(2);
    assertThat(WireJson.mapper().readValue(matches.getLast().body(), MatchRequest.class).atLeast())
        .isEqualTo(position);
  }

  @Test
  void aRedisThatGoesAwayKeepsNobodyWaiting() throws Exception {
    Tokens prompt = FleetTest.tokens(208, 96);
    FLEET.local.beforePrefill(this::atTheGate);
    List<Future<ContextResponse>> calls = askAtOnce(FleetTest.context(prompt), 4);
    REDIS.kill();
    try {
      Awaitility.await().until(() -> FLEET.local.peer.calls("/v1/prefill").size() == 4);
      gate.countDown();

      assertThat(answers(calls)).hasSize(4);
      assertThat(one.ask(FleetTest.context(FleetTest.tokens(209, 96))).coverage().ratio()).isZero();
      assertThat(one.get("/actuator/prometheus").body()).contains("flight=\"alone\"");
    } finally {
      REDIS.restart();
    }
    FLEET.reset();
    Awaitility.await().ignoreExceptions().until(() -> isLeasing(one) && isLeasing(other));
  }

  private static boolean isLeasing(Replica replica) {
    Tokens prompt = FleetTest.tokens(System.nanoTime(), 16);
    replica.ask(FleetTest.context(prompt));
    return redis.hasKey(key(prompt));
  }

  private void atTheGate() {
    try {
      assertThat(gate.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** As many callers at both replicas, all of which have matched and found nothing. */
  private List<Future<ContextResponse>> askAtOnce(FleetTest.Asked asked, int times) {
    List<Future<ContextResponse>> calls = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      Replica replica = i % 2 == 0 ? one : other;
      calls.add(callers.submit(() -> replica.ask(asked)));
    }
    awaitMatches(times);
    return calls;
  }

  private static void awaitMatches(int calls) {
    Awaitility.await()
        .until(() ->
            FLEET.scheduler.calls("/v1/routes").size() >= calls
                && !FLEET.local.peer.calls("/v1/prefill").isEmpty());
  }

  private static <T> List<T> answers(List<Future<T>> calls) throws Exception {
    List<T> answers = new ArrayList<>();
    for (Future<T> call : calls) {
      answers.add(call.get(40, TimeUnit.SECONDS));
    }
    return answers;
  }

  private static List<PrefillRequest> prefills() {
    return FLEET.local.peer.calls("/v1/prefill").stream()
        .map(call -> WireJson.mapper().readValue(call.body(), PrefillRequest.class))
        .toList();
  }

  private static Tokens withTail(Tokens shared, int tail) {
    int[] ids = new int[shared.length() + tail];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = i < shared.length() ? (int) shared.get(i) : tail;
    }
    return Tokens.ofInts(ids);
  }

  private static void heldByAnother(Tokens prompt, Duration lease) {
    redis.opsForValue().set(key(prompt), "held:by one that is dead", lease);
  }

  private static String key(Tokens prompt) {
    return "membrane:computing:" + FleetTest.hashes(prompt).getLast();
  }
}
