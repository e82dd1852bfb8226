package io.membrane.worker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.membrane.wire.PrefillResponse.Source;
import io.membrane.wire.Shifted;
import io.membrane.wire.Shifted.ShiftedBlock;
import io.membrane.wire.Shifted.ShiftedDeviation;
import io.membrane.wire.Shifted.ShiftedReport;
import io.membrane.wire.Shifted.ShiftedUse;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two documents of two blocks behind an instruction of one, stored in another order. */
class ShiftedEndpointTest extends ShiftedWorkerTest {

  private static final Tokens INSTRUCTION = tokens(1, 16);
  private static final Tokens FIRST = tokens(2, 32);
  private static final Tokens SECOND = tokens(3, 32);
  private static final Tokens STORED = joined(INSTRUCTION, FIRST, SECOND);
  private static final Tokens PROMPT = joined(INSTRUCTION, SECOND, FIRST, tokens(4, 22));

  @BeforeEach
  void store() {
    assertThat(prefill(STORED, null, null, true).blocks()).hasSize(5);
  }

  @Test
  void documentsInAnotherOrderAreReusedUnderNamesOfTheirOwn() {
    List<BlockHash> exact = chain(PROMPT);
    Set<FragmentKey> before = new HashSet<>(PEERS.fragments().keySet());

    PrefillResponse answer = prefill(PROMPT, exact.subList(0, 1), shuffled(0.25, false), true);

    assertThat(answer.tokensReused()).isEqualTo(16);
    assertThat(answer.tokensComputed()).isEqualTo(16 + 22);
    assertThat(answer.nextToken()).isNotNull();
    assertThat(answer.blocks())
        .extracting(PrefilledBlock::source)
        .containsExactly(
            Source.FRAGMENT,
            Source.SHIFTED,
            Source.SHIFTED,
            Source.SHIFTED,
            Source.SHIFTED,
            Source.SHIFTED);
    assertThat(answer.blocks().getFirst().blockHash()).isEqualTo(exact.getFirst());
    assertThat(answer.blocks().get(1).parentHash()).isEqualTo(exact.getFirst());
    assertThat(answer.blocks().subList(1, 6))
        .extracting(PrefilledBlock::blockHash)
        .doesNotContainAnyElementsOf(exact)
        .doesNotHaveDuplicates();
    for (PrefilledBlock block : answer.blocks()) {
      Frame stored = PEERS.fragments().get(new FragmentKey(block.blockHash(), block.slice()));
      assertThat(requireNonNull(stored).header().digest()).isEqualTo(block.digest());
    }
    assertThat(PEERS.fragments()).hasSize(before.size() + 5);
    ShiftedReport report = requireNonNull(answer.shifted());
    assertThat(report.tokensKept()).isEqualTo(48);
    assertThat(report.deviation()).isNull();
    assertThat(report.blocks()).allMatch(ShiftedUse::used).allMatch(use -> use.otherTokens() == 0);
  }

  @Test
  void whatIsExactStaysExactBesideIt() {
    PrefillResponse alone = prefill(PROMPT, null, null, true);
    PEERS.reset();
    store();
    prefill(PROMPT, chain(PROMPT).subList(0, 1), shuffled(0.25, false), true);

    PrefillResponse beside = prefill(PROMPT, null, null, true);

    assertThat(beside.blocks())
        .extracting(PrefilledBlock::digest)
        .isEqualTo(alone.blocks().stream().map(PrefilledBlock::digest).toList());
    assertThat(beside.nextToken()).isEqualTo(alone.nextToken());
    assertThat(beside.shifted()).isNull();
  }

  @Test
  void theSameRecipeHasTheSameNamesAndAnotherOneOthers() {
    List<BlockHash> once = hashes(prefill(PROMPT, null, shuffled(0.25, false), true));
    assertThat(hashes(prefill(PROMPT, null, shuffled(0.25, false), false))).isEqualTo(once);
    List<BlockHash> other = hashes(prefill(PROMPT, null, shuffled(0.3, false), false));
    assertThat(other.subList(1, 6)).doesNotContainAnyElementsOf(once);
    assertThat(other.getFirst()).isEqualTo(once.getFirst());
  }

  @Test
  void blocksBeforeTheFirstShiftedOneAreExactAndStoredAsSuch() {
    List<BlockHash> stored = chain(STORED);
    Tokens prompt = joined(tokens(5, 40), FIRST, tokens(6, 3));
    Shifted late =
        new Shifted(
            List.of(new ShiftedBlock(new TokenSpan(40, 56), stored.get(1), 16)), 0.0, false);

    PrefillResponse answer = prefill(prompt, null, late, true);

    assertThat(answer.blocks())
        .extracting(PrefilledBlock::source)
        .containsExactly(Source.PREFILL, Source.PREFILL, Source.SHIFTED, Source.SHIFTED);
    assertThat(hashes(answer).subList(0, 2)).isEqualTo(chain(prompt).subList(0, 2));
    List<PrefilledBlock> leading = answer.blocks().subList(0, 2);
    PEERS.reset();
    assertThat(prefill(prompt, null, null, true).blocks().subList(0, 2)).isEqualTo(leading);
  }

  @Test
  void theDeviationFromTheFullPrefillIsReported() {
    ShiftedDeviation kept = deviation(0);
    ShiftedDeviation all = deviation(1);

    assertThat(kept.keyRelative()).isBetween(0.01, 2.0);
    assertThat(kept.valueRelative()).isBetween(0.01, 2.0);
    assertThat(kept.keyMax()).isGreaterThan(all.keyMax());
    assertThat(kept.logitsMax()).isGreaterThan(all.logitsMax());
    assertThat(kept.fullMs()).isPositive();
    assertThat(all.keyRelative()).isLessThan(1e-5);
    assertThat(all.valueRelative()).isLessThan(1e-5);
    assertThat(all.logitsMax()).isLessThan(1e-3);
    assertThat(all.logitsDivergence()).isBetween(0.0, 1e-6);
    assertThat(all.sameNextToken()).isTrue();
  }

  @Test
  void aMissingBlockIsComputedAndSaid() {
    List<BlockHash> stored = chain(STORED);
    PEERS.fragments().remove(key(stored.get(2)));
    PEERS.fragments().remove(key(stored.get(3)));

    ShiftedReport report =
        requireNonNull(prefill(PROMPT, null, shuffled(0.0, false), true).shifted());

    assertThat(report.blocks())
        .extracting(ShiftedUse::used)
        .containsExactly(false, true, true, false);
    assertThat(report.tokensKept()).isEqualTo(32);
    assertThat(report.blocks().getFirst().why()).contains("not stored").contains("404");
  }

  @Test
  void withNoBlockToUseThePrefillIsExact() {
    List<BlockHash> stored = chain(STORED);
    stored.forEach(hash -> PEERS.fragments().remove(key(hash)));

    PrefillResponse answer = prefill(PROMPT, null, shuffled(0.0, true), true);

    assertThat(hashes(answer)).isEqualTo(chain(PROMPT));
    assertThat(answer.blocks()).allMatch(block -> block.source() == Source.PREFILL);
    ShiftedReport report = requireNonNull(answer.shifted());
    assertThat(report.blocks()).hasSize(4).noneMatch(ShiftedUse::used);
    assertThat(report.tokensKept()).isZero();
  }

  @Test
  void aBlockOfAnotherPositionOrDamagedIsNotUsed() {
    List<BlockHash> stored = chain(STORED);
    Frame damaged = requireNonNull(PEERS.fragments().get(key(stored.get(1))));
    damaged.body()[5] ^= 1;
    List<ShiftedBlock> blocks =
        List.of(
            new ShiftedBlock(new TokenSpan(16, 32), stored.get(3), 32),
            new ShiftedBlock(new TokenSpan(48, 64), stored.get(1), 16));

    ShiftedReport report =
        requireNonNull(prefill(PROMPT, null, new Shifted(blocks, 0.0, false), true).shifted());

    assertThat(report.blocks()).noneMatch(ShiftedUse::used);
    assertThat(report.blocks().getFirst().why()).contains("signature").contains("32-48");
    assertThat(report.blocks().getLast().why()).contains("digest");
  }

  @Test
  void aBlockOfOtherTokensIsComputedAndSaid() {
    BlockHash other = chain(STORED).get(2);
    List<ShiftedBlock> blocks = List.of(new ShiftedBlock(new TokenSpan(16, 32), other, 32));

    ShiftedUse use =
        requireNonNull(prefill(PROMPT, null, new Shifted(blocks, 0.0, false), true).shifted())
            .blocks()
            .getFirst();

    assertThat(use.keptTokens()).isZero();
    assertThat(use.otherTokens()).isEqualTo(16);
    assertThat(use.why()).contains("others than the prompt's");
  }

  @Test
  void nothingIsStoredUnlessWanted() {
    Set<FragmentKey> before = new HashSet<>(PEERS.fragments().keySet());
    PrefillRequest request =
        new PrefillRequest(
            null, PROMPT, null, null, false, false, null, shuffled(0.1, false), null);
    PrefillResponse answer = prefill(request);
    assertThat(answer.blocks()).hasSize(6).allMatch(block -> block.digest() == null);
    assertThat(PEERS.fragments().keySet()).isEqualTo(before);
  }

  @Test
  void aStoreThatBreaksOffLeavesTheRestToBeComputed() {
    PEERS.cutAnswers(3000);
    PrefillRequest request =
        new PrefillRequest(
            null, PROMPT, null, null, false, false, null, shuffled(0.0, false), null);
    ShiftedReport report = requireNonNull(prefill(request).shifted());
    assertThat(report.blocks()).extracting(ShiftedUse::used).contains(true, false);
    assertThat(report.blocks().getLast().why()).contains("broke off");
  }

  @Test
  void ofAStoreThatDoesNotAnswerAllIsComputed() {
    PEERS.failGets(ErrorCode.DEPENDENCY_UNAVAILABLE);
    PrefillRequest request =
        new PrefillRequest(null, PROMPT, null, null, true, false, null, shuffled(0.0, false), null);
    PrefillResponse answer = prefill(request);
    assertThat(answer.tokensComputed()).isEqualTo(PROMPT.length());
    assertThat(requireNonNull(answer.shifted()).blocks())
        .allMatch(use -> !use.used() && use.why().contains("broke off"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[{S,16,[16,32]},{S,32,[24,40]}]     | 0   | impossible_request | begins before 32",
        "[{S,16,[32,48]},{S,32,[16,32]}]     | 0   | impossible_request | begins before 48",
        "[{S,16,[0,16]}]                     | 0   | impossible_request | begins before 16",
        "[{S,16,[16,33]}]                    | 0   | impossible_request | as long as a block",
        "[{S,16,[100,116]}]                  | 0   | impossible_request | ends behind the prompt",
        "[{S,17,[16,32]}]                    | 0   | impossible_request | multiples of 16",
        "[{S,16384,[16,32]}]                 | 0   | impossible_request | up to position 16384",
        "[{S,-16,[16,32]}]                   | 0   | malformed_request  | source_from",
        "[{S,16,[16,32]}]                    | 1.1 | impossible_request | 0 to 1",
        "[{S,16,[16,32]}]                    | -1  | impossible_request | 0 to 1",
        "[{S,16,[16,32]}]                    | `\"NaN\"` | impossible_request | 0 to 1",
        "[]                                  | 0   | malformed_request  | blocks",
        "[null]                              | 0   | malformed_request  | blocks",
        "[{\"token_span\":[16,32]}]          | 0   | malformed_request  | source",
      })
  void badShiftedBlocksAreRefused(String blocks, String share, String code, String detail) {
    String source = chain(STORED).get(1).hex();
    String asked =
        blocks.replaceAll(
            "\\{S,(-?\\d+),(\\[\\d+,\\d+])}",
            "{\"source_block_hash\":\"" + source + "\",\"source_from\":$1,\"token_span\":$2}");
    String body =
        "{\"tokens\":%s,\"prefix\":{\"block_hashes\":[\"%s\"]},\"shifted\":{\"blocks\":%s,\"recompute_share\":%s}}"
            .formatted(json(PROMPT), chain(PROMPT).getFirst().hex(), asked, share);

    Answer answer = post("/v1/prefill", body);

    assertThat(answer.code()).as(answer.http().body()).isEqualTo(code);
    assertThat(answer.http().body()).contains(detail);
  }

  @Test
  void embeddingsAreOfExactPrefillsAlone() {
    PrefillRequest request =
        new PrefillRequest(null, PROMPT, null, null, true, false, true, shuffled(0.0, false), null);
    Answer answer = post("/v1/prefill", json(request));
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.http().body()).contains("leave out embeddings or shifted");
  }

  private ShiftedDeviation deviation(double share) {
    PrefillResponse answer =
        prefill(PROMPT, chain(PROMPT).subList(0, 1), shuffled(share, true), true);
    return requireNonNull(requireNonNull(answer.shifted()).deviation());
  }

  /** The second document's blocks, then the first's. */
  private static Shifted shuffled(double share, boolean measure) {
    List<BlockHash> stored = chain(STORED);
    List<ShiftedBlock> blocks =
        Stream.of(3, 4, 1, 2)
            .map(b -> {
              int at = b > 2 ? (b - 2) * 16 : (b + 2) * 16;
              return new ShiftedBlock(new TokenSpan(at, at + 16), stored.get(b), 16 * b);
            })
            .toList();
    return new Shifted(blocks, share, measure);
  }

  private PrefillResponse prefill(
      Tokens tokens, @Nullable List<BlockHash> prefix, @Nullable Shifted shifted, boolean next) {
    return prefill(
        new PrefillRequest(
            null,
            tokens,
            null,
            prefix == null ? null : new Prefix(prefix),
            true,
            next,
            null,
            shifted,
            null));
  }
}
