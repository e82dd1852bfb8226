package io.membrane.worker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.Tokens;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.WireJson;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.TestPropertySource;

/** A worker that tells the directory what its new blocks are about. */
@TestPropertySource(
    properties = {"membrane.worker.describe-blocks=true", "membrane.worker.describe-limit=6"})
class DescriptionTest extends WorkerHttpTest {

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final FaultProxy DIRECTORY = new FaultProxy(PEERS.port());

  private final Random random = new Random(29);

  @Autowired MeterRegistry meters;

  @DynamicPropertySource
  static void throughTheProxy(DynamicPropertyRegistry registry) {
    registry.add("membrane.client.peers.directory-service", () -> DIRECTORY.url().toString());
  }

  @AfterAll
  static void stop() {
    DIRECTORY.close();
  }

  @AfterEach
  void heal() {
    DIRECTORY.heal();
  }

  @Test
  void anAnswerThatIsLostFailsNoPrefillAndNothingThatComesAfterIt() {
    double before = blocks("sent") + blocks("failed");
    DIRECTORY.inject(new Fault.LoseAnswerTo("/v1/directory/chunks"));
    assertThat(prefill(Seeds.tokens(random, 32, 1536), null, true)).hasSize(2);
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> blocks("sent") + blocks("failed") == before + 2);
    DIRECTORY.heal();
    PEERS.described().clear();
    prefill(Seeds.tokens(random, 32, 1536), null, true);
    awaitDescribed(2);
  }

  @Test
  void newBlocksAreDescribedByTheirTokensAndEmbeddings() {
    Tokens prompt = Seeds.tokens(random, 70, 1536);
    List<PrefilledBlock> blocks = prefill(prompt, null, true);
    awaitDescribed(4);
    for (int i = 0; i < 4; i++) {
      PrefilledBlock block = blocks.get(i);
      Peers.Told told = requireNonNull(PEERS.described().get(block.blockHash()));
      assertThat(told.tenant()).isEqualTo("acme");
      assertThat(told.namespace()).isEqualTo(new NamespaceRequest("tiny-llama", "r1", "f32", 16));
      assertThat(told.description().tokens()).isEqualTo(prompt.slice(16 * i, 16 * i + 16));
      assertThat(told.description().embedding()).isEqualTo(requireNonNull(block.embedding()));
    }
  }

  @Test
  void reusedBlocksAndThoseThatAreNotStoredAreNotDescribed() {
    Tokens prompt = Seeds.tokens(random, 64, 1536);
    List<BlockHash> chain =
        prefill(prompt, null, false).stream().map(PrefilledBlock::blockHash).toList();
    prefill(prompt.slice(0, 32), null, true);
    awaitDescribed(2);
    PEERS.described().clear();
    prefill(prompt, new Prefix(chain.subList(0, 2)), true);
    awaitDescribed(2);
    assertThat(PEERS.described()).containsOnlyKeys(chain.get(2), chain.get(3));
  }

  @ParameterizedTest
  @EnumSource(names = {"INTERNAL", "OVERLOADED", "IMPOSSIBLE_REQUEST", "DEPENDENCY_UNAVAILABLE"})
  void aDirectoryThatTakesNoDescriptionsFailsNoPrefill(ErrorCode code) {
    double before = blocks("failed");
    PEERS.failDescriptions(code);
    assertThat(prefill(Seeds.tokens(random, 32, 1536), null, true)).hasSize(2);
    Awaitility.await().atMost(PATIENCE).until(() -> blocks("failed") >= before + 2);
    assertThat(PEERS.described()).isEmpty();
    PEERS.reset();
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          prefill(Seeds.tokens(random, 32, 1536), null, true);
          assertThat(PEERS.described()).isNotEmpty();
        });
  }

  @Test
  void whatIsMoreThanMayWaitIsLeftOutWithoutAPrefillsWaiting() {
    CountDownLatch gate = new CountDownLatch(1);
    double before = blocks("dropped");
    try {
      PEERS.holdDescriptions(gate);
      prefill(Seeds.tokens(random, 64, 1536), null, true);
      prefill(Seeds.tokens(random, 64, 1536), null, true);
      assertThat(blocks("dropped")).isEqualTo(before + 4);
    } finally {
      gate.countDown();
    }
    awaitDescribed(4);
    prefill(Seeds.tokens(random, 64, 1536), null, true);
    awaitDescribed(8);
  }

  @Test
  void aPromptOfMoreBlocksThanMayWaitIsDescribedAsFarAsTheyMay() {
    double before = blocks("dropped");
    assertThat(prefill(Seeds.tokens(random, 160, 1536), null, true)).hasSize(10);
    awaitDescribed(6);
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> PEERS.described().size() + blocks("dropped") - before == 10);
  }

  private void awaitDescribed(int blocks) {
    Awaitility.await().atMost(PATIENCE).until(() -> PEERS.described().size() >= blocks);
  }

  private double blocks(String outcome) {
    return meters
        .get("membrane.worker.described")
        .tags(Tags.of("outcome", outcome))
        .counter()
        .count();
  }

  private List<PrefilledBlock> prefill(Tokens prompt, @Nullable Prefix prefix, boolean store) {
    Answer answer =
        post(
            "/v1/prefill",
            WireJson.mapper()
                .writeValueAsString(
                    new PrefillRequest(null, prompt, null, prefix, store, false, true, null, null)),
            "Membrane-Tenant",
            "acme");
    assertThat(answer.status()).as(answer.http().body()).isEqualTo(200);
    return WireJson.mapper().readValue(answer.http().body(), PrefillResponse.class).blocks();
  }
}
