package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.fixture.FaultProxy.Fault.Refuse;
import io.membrane.rpc.WireJson;
import io.membrane.tenancy.Reuse;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Coverage;
import io.membrane.wire.ReconstructionClient.Fidelity;
import io.membrane.wire.ReconstructionClient.Segment;
import io.membrane.wire.ReconstructionClient.Source;
import io.membrane.wire.Shifted.ShiftedBlock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Six blocks and a tail: one is stored, the next is not, two are stored behind other tokens. */
class ShiftedContextTest extends ReuseTest {

  private static final String BOLD = "bold";
  private static final Tokens PROMPT = tokens(90, 100);
  private static final Tokens ELSEWHERE = tokens(91, 96);

  @BeforeEach
  void storeAndAllow() {
    allow(BOLD, Reuse.SHIFTED);
    put(chain(PROMPT).getFirst());
    for (int block = 2; block < 4; block++) {
      BlockHash source = chain(ELSEWHERE).get(block + 1);
      put(source);
      FLEET.describe(block(PROMPT, block), "local", source, (block + 1) * 16);
    }
  }

  @Test
  void blocksBehindOtherTokensAreReusedAndSaidToBeShifted() {
    ContextResponse answer = ask(Map.of());

    assertThat(answer.coverage()).isEqualTo(new Coverage(16 + 24, 60, 0, 0.4, 24, null));
    assertThat(answer.segments())
        .extracting(Segment::tokenSpan, Segment::source, Segment::fidelity)
        .containsExactly(
            tuple(0, 16, Source.FRAGMENT, Fidelity.EXACT),
            tuple(16, 32, Source.PREFILL, null),
            tuple(32, 48, Source.FRAGMENT, Fidelity.SHIFTED),
            tuple(48, 64, Source.FRAGMENT, Fidelity.SHIFTED),
            tuple(64, 100, Source.PREFILL, Fidelity.SHIFTED));
    assertThat(answer.segments().get(2).why())
        .contains(chain(ELSEWHERE).get(3).hex())
        .contains("12 kept");
    assertThat(answer.segments().get(4).why()).contains("not what a prefill gives");
    List<BlockHash> names =
        answer.segments().stream().flatMap(s -> s.blockHashes().stream()).toList();
    assertThat(names.subList(0, 2)).isEqualTo(chain(PROMPT).subList(0, 2));
    assertThat(names).hasSize(6);
    assertThat(names.subList(2, 6)).doesNotContainAnyElementsOf(chain(PROMPT));
    assertThat(Objects.requireNonNull(answer.shifted()).tokensKept()).isEqualTo(24);
  }

  @Test
  void theWorkerIsToldWhereTheyStoodAndWhatToRecompute() {
    ask(Map.of("recompute_share", 0.4, "measure", true));

    PrefillRequest asked = lastPrefill();
    assertThat(Objects.requireNonNull(asked.prefix()).blockHashes()).hasSize(1);
    assertThat(Objects.requireNonNull(asked.shifted()).recomputeShare()).isEqualTo(0.4);
    assertThat(asked.shifted().measure()).isTrue();
    assertThat(asked.shifted().blocks())
        .containsExactly(
            new ShiftedBlock(new TokenSpan(32, 48), chain(ELSEWHERE).get(3), 48),
            new ShiftedBlock(new TokenSpan(48, 64), chain(ELSEWHERE).get(4), 64));
  }

  @Test
  void aBlockThatContinuesTheOneBeforeIsPreferred() {
    BlockHash newer = chain(tokens(92, 96)).getFirst();
    put(newer);
    FLEET.describe(block(PROMPT, 3), "local", newer, 0);

    ask(Map.of());

    assertThat(Objects.requireNonNull(lastPrefill().shifted()).blocks().getLast().sourceFrom())
        .isEqualTo(64);
  }

  @Test
  void blocksOfAnotherClusterAreComputed() {
    FLEET.describe(block(PROMPT, 4), "far", chain(ELSEWHERE).get(1), 16);

    ask(Map.of());

    assertThat(Objects.requireNonNull(lastPrefill().shifted()).blocks()).hasSize(2);
  }

  @Test
  void aSourceThatIsGoneIsComputedAndSaid() {
    FLEET.lose(key(chain(ELSEWHERE).get(4)));

    ContextResponse answer = ask(Map.of());

    assertThat(answer.coverage().shiftedTokens()).isEqualTo(12);
    assertThat(answer.segments().get(3).fidelity()).isEqualTo(Fidelity.SHIFTED);
    assertThat(answer.segments().get(3).source()).isEqualTo(Source.PREFILL);
    assertThat(answer.segments().get(3).why()).contains("not stored");
  }

  @Test
  void theDefaultStaysExactAndDoesNotEvenLook() {
    ContextResponse answer = post(context(PROMPT).json(), "Membrane-Tenant", BOLD).context();

    assertThat(answer.segments())
        .extracting(Segment::fidelity)
        .containsExactly(Fidelity.EXACT, null, null);
    assertThat(answer.shifted()).isNull();
    assertThat(answer.coverage().shiftedTokens()).isNull();
    assertThat(FLEET.directory.calls("/v1/directory/chunks/search")).isEmpty();
  }

  @Test
  void withoutAnyBlockElsewhereTheContextIsExact() {
    FLEET.reset();

    ContextResponse answer = ask(Map.of());

    assertThat(answer.coverage().prefilledTokens()).isEqualTo(100);
    assertThat(answer.segments()).allMatch(segment -> segment.fidelity() == null);
    assertThat(answer.shifted()).isNull();
  }

  @Test
  void aWhollyStoredPromptIsServedExactly() {
    chain(PROMPT).forEach(ReuseTest::put);

    ContextResponse answer =
        post(shifted(PROMPT.slice(0, 96), Map.of()), "Membrane-Tenant", BOLD).context();

    assertThat(answer.coverage().ratio()).isEqualTo(1);
    assertThat(answer.segments()).extracting(Segment::fidelity).containsExactly(Fidelity.EXACT);
  }

  @Test
  void aTenantWhosePolicyDoesNotSaySoIsRefused() {
    String detail =
        post(shifted(PROMPT, Map.of()), "Membrane-Tenant", "timid")
            .problem(403, "forbidden")
            .detail();

    assertThat(detail).contains("timid").contains("\"reuse\":\"shifted\"");
    assertThat(FLEET.directory.calls("/v1/directory/chunks/search")).isEmpty();
    assertThat(FLEET.local.peer.calls("/v1/prefill")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"reuse\":\"shifted\",\"on_miss\":\"report\"                       | on_miss prefill",
        "\"reuse\":\"shifted\",\"shifted\":{\"recompute_share\":1.5}        | 0 to 1",
        "\"reuse\":\"shifted\",\"shifted\":{\"recompute_share\":-0.1}       | 0 to 1",
        "\"reuse\":\"exact\",\"shifted\":{\"recompute_share\":0.5}          | for reuse shifted",
        "\"shifted\":{}                                                     | for reuse shifted",
      })
  void badOptionsAreRefused(String options, String detail) {
    String body = "{\"tokens\":[1,2,3]," + options + "}";
    assertThat(post(body, "Membrane-Tenant", BOLD).problem(422, "impossible_request").detail())
        .contains(detail);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"matches\":[null]}", "{\"matches\":[{\"similarity\":1}]}"})
  void anAnswerOfTheDirectoryThatIsNoneFindsNothing(String answer) {
    FLEET.directory.answerInstead("/v1/directory/chunks/search", answer);

    assertThat(ask(Map.of()).segments()).noneMatch(s -> s.fidelity() == Fidelity.SHIFTED);
  }

  @Test
  void aWorkerThatDoesNotReportWhatIsShiftedIsNotBelieved() {
    String silent =
        WireJson.mapper()
            .writeValueAsString(
                Map.of(
                    "model",
                    "tiny",
                    "namespace",
                    MiniFleet.NAMESPACE,
                    "total_tokens",
                    100,
                    "tokens_reused",
                    16,
                    "tokens_computed",
                    60,
                    "blocks",
                    List.of(),
                    "prefix_missing",
                    List.of(),
                    "device",
                    "cpu",
                    "timings_ms",
                    Map.of("fetch", 1, "compute", 1, "store", 1, "total", 3)));
    FLEET.local.peer.answerInstead("/v1/prefill", silent);

    post(shifted(PROMPT, Map.of()), "Membrane-Tenant", BOLD).problem(503, "dependency_unavailable");
  }

  @Test
  void aWorkerThatCannotFetchComputesExactly() {
    FLEET.local.cannotFetch();

    ContextResponse answer = ask(Map.of());

    assertThat(answer.coverage().prefilledTokens()).isEqualTo(100);
    assertThat(answer.segments()).allMatch(segment -> segment.fidelity() == null);
    assertThat(answer.shifted()).isNull();
  }

  @Test
  void aPlanSaysThatItIsThatOfExactReuse() {
    String asked = shifted(PROMPT, Map.of());
    String exact = context(PROMPT).json();

    assertThat(postForPlan(asked, "Membrane-Tenant", BOLD).body())
        .contains("the plan of exact reuse");
    assertThat(postForPlan(exact, "Membrane-Tenant", BOLD).body())
        .doesNotContain("the plan of exact reuse");
  }

  @Test
  void aWorkerThatIsAwayIsSaid() {
    FLEET.local.peer.proxy().inject(new Refuse());

    post(shifted(PROMPT, Map.of()), "Membrane-Tenant", BOLD).problem(503, "dependency_unavailable");
  }

  private ContextResponse ask(Map<String, Object> options) {
    return post(shifted(PROMPT, options), "Membrane-Tenant", BOLD).context();
  }

  private static String shifted(Tokens prompt, Map<String, Object> options) {
    return context(prompt).with("reuse", "shifted").with("shifted", options).json();
  }

  private static List<BlockHash> chain(Tokens tokens) {
    return chain(BOLD, tokens);
  }
}
