package io.membrane.worker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.Tokens;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.Unstored;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.TestPropertySource;

/** A fragment-service that stays down: a prompt is answered, and says what is not stored. */
@TestPropertySource(
    properties = {
      "membrane.worker.profile=0s",
      "membrane.client.attempts=3",
      "membrane.client.open-for=10ms"
    })
@DirtiesContext
@Timeout(240)
class StoreFaultTest extends WorkerHttpTest {

  private static final FaultProxy PROXY = new FaultProxy(PEERS.port());
  private static final Tokens PROMPT = Tokens.ofInts(new Random(12).ints(250, 0, 1536).toArray());
  private static final List<BlockHash> CHAIN = chain(PROMPT);

  @DynamicPropertySource
  static void throughTheProxy(DynamicPropertyRegistry registry) {
    registry.add("proxy.url", () -> PROXY.url().toString());
  }

  @BeforeEach
  void heal() {
    PROXY.heal();
  }

  @Test
  void aStoreThatRefusesConnectionsCostsNoPrompt() {
    PrefillResponse cold = prefill(null, false, "60000");
    PROXY.inject(new Fault.Refuse());
    for (int prompt = 0; prompt < 8; prompt++) {
      PrefillResponse answer = prefill(CHAIN, true, "60000");
      assertThat(answer.nextToken()).isEqualTo(cold.nextToken());
      assertThat(answer.tokensComputed()).isEqualTo(250);
      assertThat(answer.prefixMissing()).isEqualTo(CHAIN);
      assertNothingIsStored(answer, "dependency_unavailable");
    }
  }

  @Test
  void aStoreThatNeverAnswersLeavesTimeForTheAnswer() {
    PrefillResponse cold = prefill(null, false, "60000");
    PROXY.inject(new Fault.Silence());
    PrefillResponse answer = prefill(null, true, "4000");
    assertThat(answer.nextToken()).isEqualTo(cold.nextToken());
    assertNothingIsStored(answer, "deadline_exceeded");
  }

  /** A block has 16 KiB, so that no call goes through, however many blocks it carries. */
  @Test
  void whatIsSentOnlyInPartIsNotStored() {
    PROXY.inject(new Fault.CutRequestAfter(10_000));
    PrefillResponse answer = prefill(null, true, "60000");
    assertNothingIsStored(answer, "dependency_unavailable");
    assertThat(PEERS.fragments()).isEmpty();
  }

  private static void assertNothingIsStored(PrefillResponse answer, String code) {
    assertThat(answer.blocks()).hasSize(CHAIN.size()).allMatch(block -> block.digest() == null);
    assertThat(answer.logPosition()).isNull();
    Unstored unstored = requireNonNull(answer.unstored());
    assertThat(unstored.keys()).extracting(FragmentKey::hash).isEqualTo(CHAIN);
    assertThat(unstored.code()).isEqualTo(code);
  }

  private PrefillResponse prefill(
      @Nullable List<BlockHash> prefix, boolean store, String deadlineMs) {
    PrefillRequest request =
        new PrefillRequest(
            "tiny-llama", PROMPT, null, prefix == null ? null : new Prefix(prefix), store, true);
    return prefill(request, "Membrane-Deadline-Ms", deadlineMs);
  }
}
