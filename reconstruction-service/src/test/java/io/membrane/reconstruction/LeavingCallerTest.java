package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.block.Tokens;
import io.membrane.fixture.LeavingCaller;
import io.membrane.fixture.RedisProcess;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Callers of two replicas that close their connection while they wait. */
@Timeout(120)
class LeavingCallerTest {

  private static final MiniFleet FLEET = FleetTest.FLEET;
  private static final RedisProcess REDIS = FleetTest.REDIS;

  private static Replica one;
  private static Replica other;
  private static StringRedisTemplate redis;

  private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch gate = new CountDownLatch(1);

  @BeforeAll
  static void start() {
    FLEET.reset();
    one = new Replica(FLEET, REDIS);
    other = new Replica(FLEET, REDIS);
    redis = one.bean(StringRedisTemplate.class);
  }

  @AfterAll
  static void stop() {
    one.close();
    other.close();
    FLEET.reset();
  }

  @BeforeEach
  void hold() {
    FLEET.reset();
    FLEET.local.beforePrefill(this::atTheGate);
  }

  @AfterEach
  void open() {
    gate.countDown();
    callers.shutdownNow();
  }

  @Test
  void aPrefillThatNobodyWaitsForIsBrokenOff() {
    Tokens prompt = FleetTest.tokens(300, 96);
    double before = cancelled(one);
    try (LeavingCaller caller = ask(one, prompt)) {
      awaitPrefills(1);
      int connections = FLEET.local.peer.proxy().connections();
      caller.leave();
      await().until(() -> FLEET.local.peer.proxy().connections() < connections);
      await().until(() -> cancelled(one) == before + 1);
      await().until(() -> redis.opsForValue().get(key(prompt)) == null);
    }
    assertThat(FLEET.local.peer.calls("/v1/prefill")).hasSize(1);
  }

  @Test
  void aFlightEndsOnlyWhenTheLastOneThatWaitsHasLeft() {
    Tokens prompt = FleetTest.tokens(301, 96);
    double before = cancelled(one);
    double beforeOther = cancelled(other);
    try (LeavingCaller first = ask(one, prompt)) {
      awaitPrefills(1);
      try (LeavingCaller second = ask(other, prompt)) {
        await().until(() -> redis.hasKey("membrane:awaited:" + block(prompt)));
        first.leave();
        await()
            .during(Duration.ofSeconds(2))
            .atMost(Duration.ofSeconds(20))
            .until(() -> String.valueOf(redis.opsForValue().get(key(prompt))).startsWith("held"));
        assertThat(cancelled(one)).isEqualTo(before);
        second.leave();
        await().until(() -> cancelled(other) == beforeOther + 1);
        await().until(() -> cancelled(one) == before + 1);
        await().until(() -> redis.opsForValue().get(key(prompt)) == null);
      }
    }
    assertThat(FLEET.local.peer.calls("/v1/prefill")).hasSize(1);
  }

  @Test
  void whoWaitsGetsWhatWasComputedForOneThatLeft() throws Exception {
    Tokens prompt = FleetTest.tokens(302, 96);
    double before = cancelled(one);
    try (LeavingCaller first = ask(one, prompt)) {
      awaitPrefills(1);
      Future<ContextResponse> second = callers.submit(() -> other.ask(FleetTest.context(prompt)));
      await().until(() -> redis.hasKey("membrane:awaited:" + block(prompt)));
      first.leave();
      await()
          .during(Duration.ofSeconds(1))
          .atMost(Duration.ofSeconds(20))
          .until(() -> !second.isDone());
      gate.countDown();
      assertThat(second.get(40, TimeUnit.SECONDS).coverage().reusedTokens()).isEqualTo(96);
    }
    await().until(() -> cancelled(one) == before + 1);
    assertThat(FLEET.local.peer.calls("/v1/prefill")).hasSize(1);
  }

  private static LeavingCaller ask(Replica replica, Tokens prompt) {
    return LeavingCaller.of(replica.url()).post("/v1/contexts", FleetTest.context(prompt).json());
  }

  private static void awaitPrefills(int calls) {
    await().until(() -> FLEET.local.peer.calls("/v1/prefill").size() == calls);
  }

  private static double cancelled(Replica replica) {
    return replica
        .bean(MeterRegistry.class)
        .find(Metric.CONTEXTS.id())
        .tag("outcome", "cancelled")
        .counters()
        .stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private void atTheGate() {
    try {
      assertThat(gate.await(40, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String block(Tokens prompt) {
    return FleetTest.hashes(prompt).getLast().toString();
  }

  private static String key(Tokens prompt) {
    return "membrane:computing:" + block(prompt);
  }
}
