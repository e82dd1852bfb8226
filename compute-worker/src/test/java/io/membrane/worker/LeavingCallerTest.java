package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.fixture.LeavingCaller;
import io.membrane.rpc.WireJson;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.prefill.Prefill;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.net.URI;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** Callers that close their connection while their prompt waits, is fetched for or computed. */
@TestPropertySource(
    properties = {"membrane.worker.profile=0s", "membrane.worker.model-id=left-llama"})
@Timeout(120)
class LeavingCallerTest extends WorkerHttpTest {

  private static final Namespace NAMESPACE = new Namespace("left-llama", "r1", "f32", 16);
  private static final int CHUNKS = 120;

  @Autowired ComputeLane<Prefill> lane;
  @Autowired MeterRegistry meters;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch gate = new CountDownLatch(1);

  @AfterEach
  void open() {
    gate.countDown();
    threads.shutdownNow();
  }

  @Test
  void aPromptThatWaitsLeavesTheQueue() throws Exception {
    double before = cancelled();
    Future<Boolean> busy = holdLane();
    try (LeavingCaller caller = caller().post("/v1/prefill", json(prompt(1, 64), null))) {
      await().until(() -> lane.waiting() == 1);
      caller.leave();
      await().until(() -> lane.waiting() == 0);
    }
    assertThat(cancelled()).isEqualTo(before + 1);
    gate.countDown();
    assertThat(busy.get()).isTrue();
    assertLaneIsFree();
    await()
        .untilAsserted(() ->
            assertThat(get("/actuator/prometheus").http().body())
                .containsPattern(
                    "http_server_requests[^\n]*status=\"499\"[^\n]*uri=\"/v1/prefill\""));
  }

  @Test
  void aPromptThatIsComputedEndsBeforeItsNextChunkAndWhatIsComputedIsStored() throws Exception {
    double before = cancelled();
    long chunks = chunks();
    try (LeavingCaller caller = caller().post("/v1/prefill", json(prompt(2, CHUNKS * 16), null))) {
      await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .until(() -> chunks() > chunks);
      Future<Boolean> busy = holdLane();
      caller.leave();
      await().until(() -> cancelled() == before + 1);
      await().until(() -> requests499() > 0);
      gate.countDown();
      assertThat(busy.get()).isTrue();
    }
    assertLaneIsFree();
    assertThat(chunks() - chunks).isLessThan(CHUNKS);
    await().untilAsserted(() -> assertThat(PEERS.fragments()).hasSize((int) (chunks() - chunks)));
  }

  @Test
  void aPromptWhosePrefixIsFetchedIsNotComputed() throws Exception {
    double before = cancelled();
    Tokens prompt = prompt(3, 64);
    assertThat(post("/v1/prefill", json(prompt, null)).status()).isEqualTo(200);
    long chunks = chunks();
    PEERS.holdGets(gate);
    Prefix prefix =
        new Prefix(BlockHasher.chain(Peers.root(NAMESPACE, "default"), 16, prompt).subList(0, 2));
    try (LeavingCaller caller = caller().post("/v1/prefill", json(prompt, prefix))) {
      await().until(() -> meters.get("membrane.http.watched").gauge().value() == 1);
      caller.leave();
      await().until(() -> cancelled() == before + 1);
      await().until(() -> meters.get("membrane.http.watched").gauge().value() == 0);
    }
    gate.countDown();
    assertThat(chunks()).isEqualTo(chunks);
    assertLaneIsFree();
  }

  /** Nothing but this runs in the lane until the gate opens. */
  private Future<Boolean> holdLane() throws InterruptedException {
    CountDownLatch held = new CountDownLatch(1);
    Callable<Boolean> wait =
        () -> {
          held.countDown();
          return gate.await(60, TimeUnit.SECONDS);
        };
    Future<Boolean> busy = threads.submit(() -> lane.load(wait));
    assertThat(held.await(20, TimeUnit.SECONDS)).isTrue();
    return busy;
  }

  private void assertLaneIsFree() {
    assertThat(post("/v1/prefill", json(prompt(4, 16), null)).status()).isEqualTo(200);
    assertThat(meters.get("membrane.worker.queue").gauge().value()).isZero();
  }

  private LeavingCaller caller() {
    return LeavingCaller.of(URI.create("http://127.0.0.1:" + port));
  }

  private double cancelled() {
    return meters.get("membrane.http.cancelled").functionCounter().count();
  }

  private long requests499() {
    return meters.find("http.server.requests").tag("status", "499").timers().stream()
        .mapToLong(Timer::count)
        .sum();
  }

  private long chunks() {
    return meters.get("membrane.worker.chunk").timer().count();
  }

  private static Tokens prompt(int seed, int length) {
    return Tokens.ofInts(new Random(seed).ints(length, 0, 1536).toArray());
  }

  private static String json(Tokens prompt, @Nullable Prefix prefix) {
    return WireJson.mapper()
        .writeValueAsString(new PrefillRequest(null, prompt, null, prefix, true, false));
  }
}
