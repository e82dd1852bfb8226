package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.TokenSpan;
import io.membrane.rpc.WireJson;
import io.membrane.tenancy.Reuse;
import io.membrane.wire.DirectoryClient.DescribeRequest;
import io.membrane.wire.DirectoryClient.Description;
import io.membrane.wire.FragmentClient.Keys;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Coverage;
import io.membrane.wire.ReconstructionClient.Fidelity;
import io.membrane.wire.ReconstructionClient.Segment;
import io.membrane.wire.ReconstructionClient.Source;
import io.membrane.wire.Shifted;
import io.membrane.wire.Shifted.ShiftedBlock;
import io.membrane.wire.Shifted.ShiftedUse;
import java.util.List;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is reused where similar blocks may be, and what is told of it. */
class ApproximateContextTest extends ApproximateTest {

  private static final String PREFETCH = "/v1/fragments/prefetch";
  private static final String SEARCH = "/v1/directory/chunks/search";

  @Test
  void similarBlocksAreReusedAndSaidToBeApproximate() {
    ContextResponse answer = ask("approximate");

    assertThat(answer.coverage()).isEqualTo(new Coverage(16 + 24, 60, 0, 0.4, 12, 12));
    assertThat(answer.segments())
        .extracting(Segment::tokenSpan, Segment::source, Segment::fidelity)
        .containsExactly(
            tuple(0, 16, Source.FRAGMENT, Fidelity.EXACT),
            tuple(16, 32, Source.PREFILL, null),
            tuple(32, 48, Source.FRAGMENT, Fidelity.APPROXIMATE),
            tuple(48, 64, Source.FRAGMENT, Fidelity.APPROXIMATE),
            tuple(64, 100, Source.PREFILL, Fidelity.APPROXIMATE));
    assertThat(answer.segments().get(2).why())
        .contains("similar tokens (0.")
        .contains(source().hex());
    assertThat(answer.segments().get(3).why()).contains("the same tokens");
    assertThat(answer.segments().get(4).why()).contains("behind approximate blocks");
    List<BlockHash> names =
        answer.segments().stream().flatMap(s -> s.blockHashes().stream()).toList();
    assertThat(names.subList(2, 6)).doesNotContainAnyElementsOf(chain(PROMPT));
    ShiftedUse use = Objects.requireNonNull(answer.shifted()).blocks().getFirst();
    assertThat(use.similarity()).isBetween(0.85, 0.999);
    assertThat(use.approximateSpans()).containsExactly(new TokenSpan(32, 44));
    assertThat(report(answer).searchedBlocks()).isEqualTo(4);
    assertThat(report(answer).similarBlocks()).isEqualTo(1);
    assertThat(report(answer).leastSimilarity()).isEqualTo(0.85);
  }

  @Test
  void theWorkerIsToldWhichBlocksMayDifferAndHowFar() {
    ask("approximate");

    Shifted asked = Objects.requireNonNull(lastPrefill().shifted());
    assertThat(asked.leastEqual()).isEqualTo(0.7);
    ShiftedBlock similar = asked.blocks().getFirst();
    assertThat(similar.tokenSpan()).isEqualTo(new TokenSpan(32, 48));
    assertThat(similar.sourceBlockHash()).isEqualTo(source());
    assertThat(similar.sourceFrom()).isEqualTo(64);
    assertThat(similar.approximate()).isTrue();
    assertThat(asked.blocks().getLast())
        .isEqualTo(new ShiftedBlock(new TokenSpan(48, 64), chain(ELSEWHERE).getFirst(), 0));
  }

  @Test
  void similarBlocksAreBroughtIntoMemory() {
    double before =
        counted("membrane_reconstruction_semantic_prefetched_blocks_total{outcome=\"asked\"");
    assertThat(report(ask("approximate")).prefetchedBlocks()).isEqualTo(1);

    Awaitility.await().until(() -> !prefetches().isEmpty());
    assertThat(prefetches()).containsExactly(List.of(key(source())));
    Awaitility.await()
        .until(() ->
            counted("membrane_reconstruction_semantic_prefetched_blocks_total{outcome=\"asked\"")
                == before + 1);
  }

  @Test
  void withReportSimilarBlocksAreOnlyPrefetchedAndTheAnswerIsTheSame() {
    String exact = context(PROMPT).with("on_miss", "report").json();
    ContextResponse plain = post(exact, "Membrane-Tenant", BOLD).context();
    String body = context(PROMPT).with("on_miss", "report").with("reuse", "approximate").json();

    ContextResponse answer = post(body, "Membrane-Tenant", BOLD).context();

    assertThat(answer.segments()).isEqualTo(plain.segments());
    assertThat(answer.coverage()).isEqualTo(plain.coverage());
    assertThat(report(answer).why()).contains("only prefetched");
    Awaitility.await().until(() -> !prefetches().isEmpty());
    assertThat(prefetches()).containsExactly(List.of(key(source())));
    assertThat(FLEET.local.peer.calls("/v1/prefill")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"exact", "shifted"})
  void whoDoesNotAskForItGetsNone(String reuse) {
    ContextResponse answer = ask(reuse);

    assertThat(answer.approximate()).isNull();
    assertThat(answer.segments()).noneMatch(s -> s.fidelity() == Fidelity.APPROXIMATE);
    assertThat(FLEET.local.peer.calls("/v1/embeddings")).isEmpty();
    assertThat(prefetches()).isEmpty();
  }

  @Test
  void blocksThatAreNotSimilarEnoughAreComputedExactlyAndDescribed() {
    FLEET.reset();
    FLEET.mean(tokens(192, 16), "local", source(), 64);

    ContextResponse answer = ask("approximate");

    assertThat(answer.segments()).allMatch(s -> s.fidelity() == null);
    assertThat(answer.shifted()).isNull();
    assertThat(report(answer).similarBlocks()).isZero();
    assertThat(report(answer).why()).contains("similar enough");
    Awaitility.await().until(() -> !FLEET.directory.calls("/v1/directory/chunks").isEmpty());
    DescribeRequest told =
        WireJson.mapper()
            .readValue(
                FLEET.directory.calls("/v1/directory/chunks").getFirst().body(),
                DescribeRequest.class);
    assertThat(told.blocks()).extracting(Description::blockHash).isEqualTo(chain(PROMPT));
    assertThat(told.blocks().get(2).embedding()).isEqualTo(MiniFleet.embedding(block(PROMPT, 2)));
  }

  @Test
  void aWhollyStoredPromptIsServedExactlyWithoutASearch() {
    chain(PROMPT).forEach(ReuseTest::put);
    String body = context(PROMPT.slice(0, 96)).with("reuse", "approximate").json();

    ContextResponse answer = post(body, "Membrane-Tenant", BOLD).context();

    assertThat(answer.segments()).extracting(Segment::fidelity).containsExactly(Fidelity.EXACT);
    assertThat(report(answer).searchedBlocks()).isZero();
    assertThat(FLEET.local.peer.calls("/v1/embeddings")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"timid,", "shifty, SHIFTED"})
  void aTenantWhosePolicyDoesNotSaySoIsRefused(String tenant, @Nullable Reuse policy) {
    if (policy != null) {
      allow(tenant, policy);
    }
    String detail =
        post(context(PROMPT).with("reuse", "approximate").json(), "Membrane-Tenant", tenant)
            .problem(403, "forbidden")
            .detail();

    assertThat(detail).contains(tenant).contains("\"reuse\":\"approximate\"");
    assertThat(FLEET.directory.calls(SEARCH)).isEmpty();
    assertThat(FLEET.local.peer.calls("/v1/embeddings")).isEmpty();
    assertThat(prefetches()).isEmpty();
  }

  @Test
  void optionsWithReportAreRefused() {
    String body =
        "{\"tokens\":[1],\"reuse\":\"approximate\",\"on_miss\":\"report\",\"shifted\":{}}";
    assertThat(post(body, "Membrane-Tenant", BOLD).problem(422, "impossible_request").detail())
        .contains("on_miss prefill");
  }

  @Test
  void approximateTokensAreCountedApart() {
    double before = counted("membrane_reconstruction_tokens_total{source=\"approximate\"");
    ask("approximate");
    assertThat(counted("membrane_reconstruction_tokens_total{source=\"approximate\""))
        .isEqualTo(before + 12);
  }

  private static List<List<FragmentKey>> prefetches() {
    return FLEET.fragments.calls(PREFETCH).stream()
        .map(call -> WireJson.mapper().readValue(call.body(), Keys.class).keys())
        .toList();
  }
}
