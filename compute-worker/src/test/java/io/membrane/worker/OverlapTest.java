package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.block.BlockHash;
import io.membrane.block.Tokens;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.Seeds;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.membrane.wire.PrefillResponse.Source;
import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.prefill.Prefill;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.TestPropertySource;

/** A worker that computes what comes too slowly, and whose fragment-service fails on the way. */
@TestPropertySource(
    properties = {
      "membrane.worker.compute-after=0s",
      "membrane.worker.profile=0s",
      "membrane.client.open-for=10ms"
    })
@DirtiesContext
@Timeout(240)
class OverlapTest extends WorkerHttpTest {

  private static final String DEADLINE = "Membrane-Deadline-Ms";
  private static final FaultProxy PROXY = new FaultProxy(PEERS.port());
  private static final Tokens PROMPT = Tokens.ofInts(new Random(9).ints(250, 0, 1536).toArray());
  private static final List<BlockHash> CHAIN = chain(PROMPT);

  @Autowired ComputeLane<Prefill> lane;

  @DynamicPropertySource
  static void throughTheProxy(DynamicPropertyRegistry registry) {
    registry.add("proxy.url", () -> PROXY.url().toString());
  }

  @BeforeEach
  void heal() {
    PROXY.heal();
  }

  @Test
  void aPrefixThatNeverComesIsComputedMeanwhile() {
    PrefillResponse cold = prefill(null, true);
    PROXY.inject(new Fault.Silence());
    PrefillResponse answer = prefill(CHAIN, false);
    assertThat(answer.tokensReused()).isZero();
    assertThat(answer.tokensComputed()).isEqualTo(250);
    assertThat(answer.nextToken()).isEqualTo(cold.nextToken());
  }

  @Test
  void theFrontIsComputedWhileTheBackArrives() {
    PrefillResponse cold = prefill(null, true);
    PROXY.inject(new Fault.Stall(100_000));
    PrefillResponse answer = prefill(CHAIN, false);
    assertSame(answer, cold);
    List<Source> sources = answer.blocks().stream().map(PrefilledBlock::source).toList();
    assertThat(sources.getFirst()).isEqualTo(Source.PREFILL);
  }

  /** Cut, stalled, slow or damaged: the answer is that of a cold prefill. */
  @Test
  void whateverTheFetchDoesTheAnswerIsThatOfAColdPrefill() {
    PrefillResponse cold = prefill(null, true);
    Seeds.forAll(
        15,
        random -> {
          PROXY.heal();
          PROXY.inject(fault(random));
          assertSame(prefill(CHAIN.subList(0, random.nextInt(CHAIN.size() + 1)), false), cold);
        });
  }

  private static Fault fault(RandomGenerator random) {
    long at = random.nextLong(260_000);
    return switch (random.nextInt(4)) {
      case 0 -> new Fault.CutAfter(at);
      case 1 -> new Fault.Stall(at);
      case 2 -> new Fault.FlipBit(at);
      default -> new Fault.Delay(Duration.ofMillis(random.nextInt(20)));
    };
  }

  private static void assertSame(PrefillResponse answer, PrefillResponse cold) {
    assertThat(answer.nextToken()).isEqualTo(cold.nextToken());
    assertThat(answer.tokensReused() + answer.tokensComputed()).isEqualTo(250);
    assertThat(answer.blocks()).hasSize(CHAIN.size());
    int fetched = 0;
    for (int i = 0; i < CHAIN.size(); i++) {
      PrefilledBlock block = answer.blocks().get(i);
      if (block.source() == Source.FRAGMENT) {
        fetched++;
        assertThat(block.digest()).isEqualTo(cold.blocks().get(i).digest());
        assertThat(answer.prefixMissing()).doesNotContain(block.blockHash());
      }
    }
    assertThat(answer.tokensReused()).isEqualTo(16 * fetched);
  }

  @Test
  void aFetchThatHangsEndsWithItsDeadline() throws Exception {
    prefill(null, true);
    PROXY.inject(new Fault.Silence());
    try (HeldLane held = new HeldLane(lane)) {
      Answer late = post("/v1/prefill", json(request(PROMPT, CHAIN, false)), DEADLINE, "1500");
      assertThat(late.code()).isEqualTo("deadline_exceeded");
      held.release();
    }
    await().until(() -> lane.waiting() == 0);
  }

  @Test
  void blocksAreStoredWhileLaterOnesAreComputedAndStayIfTheirPromptFails() throws Exception {
    Tokens prompt = Tokens.ofInts(new Random(11).ints(2000, 0, 1536).toArray());
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Answer> late =
          callers.submit(
              () -> post("/v1/prefill", json(request(prompt, null, true)), DEADLINE, "5000"));
      await()
          .pollInterval(Duration.ofMillis(2))
          .atMost(Duration.ofSeconds(60))
          .until(() -> !PEERS.fragments().isEmpty() || late.isDone());
      try (HeldLane held = new HeldLane(lane)) {
        assertThat(late.get().code()).isEqualTo("deadline_exceeded");
        held.release();
      }
    }
    List<BlockHash> chain = chain(prompt);
    int stored = PEERS.fragments().size();
    assertThat(stored).isBetween(1, chain.size() - 1);
    assertThat(PEERS.fragments())
        .containsOnlyKeys(chain.subList(0, stored).stream().map(WorkerHttpTest::key).toList());
  }

  private PrefillResponse prefill(@Nullable List<BlockHash> prefix, boolean store) {
    return prefill(request(PROMPT, prefix, store));
  }

  private static PrefillRequest request(
      Tokens tokens, @Nullable List<BlockHash> prefix, boolean store) {
    return new PrefillRequest(
        "tiny-llama", tokens, null, prefix == null ? null : new Prefix(prefix), store, true);
  }
}
