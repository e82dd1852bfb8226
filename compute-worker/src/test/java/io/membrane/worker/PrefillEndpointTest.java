package io.membrane.worker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.Signature;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.NextToken;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.membrane.wire.PrefillResponse.Source;
import io.membrane.wire.PrefillResponse.Unstored;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PrefillEndpointTest extends WorkerHttpTest {

  private static final Namespace NAMESPACE = new Namespace("tiny-llama", "r1", "f32", 16);
  private static final Tokens PROMPT = Tokens.ofInts(new Random(5).ints(70, 0, 1536).toArray());

  @Test
  void fullBlocksAreComputedNamedAndStored() {
    PrefillResponse answer = prefill(PROMPT, null, true, false);
    List<BlockHash> chain = chain(PROMPT);
    assertThat(answer.namespace()).isEqualTo(NAMESPACE);
    assertThat(answer.totalTokens()).isEqualTo(70);
    assertThat(answer.tokensReused()).isZero();
    assertThat(answer.tokensComputed()).isEqualTo(70);
    assertThat(answer.prefixMissing()).isEmpty();
    assertThat(answer.nextToken()).isNull();
    assertThat(answer.device()).isEqualTo("cpu");
    assertThat(answer.logPosition()).isEqualTo("7-4");
    assertThat(answer.blocks()).extracting(PrefilledBlock::blockHash).isEqualTo(chain);
    for (int i = 0; i < 4; i++) {
      PrefilledBlock block = answer.blocks().get(i);
      TokenSpan span = new TokenSpan(16 * i, 16 * i + 16);
      BlockHash parent = i == 0 ? null : chain.get(i - 1);
      Frame stored = stored(block);
      assertThat(block.source()).isEqualTo(Source.PREFILL);
      assertThat(block.parentHash()).isEqualTo(parent);
      assertThat(block.tokenSpan()).isEqualTo(span);
      assertThat(block.slice()).hasToString("attn.0-3.0of1");
      assertThat(block.bytes()).isEqualTo(4 * 2 * 16 * 2 * 16 * 4).isEqualTo(stored.body().length);
      assertThat(block.digest()).isEqualTo(ContentDigest.of(stored.body()));
      assertThat(stored.header().meta())
          .isEqualTo(
              new FragmentMeta(
                  NAMESPACE,
                  parent,
                  span,
                  new Signature(
                      NAMESPACE, "layer,kv,token,head,dim", 4, 2, 16, span, "rope", 10000),
                  null,
                  false));
    }
  }

  @Test
  void aPromptBehindAStoredPrefixComputesItsTailAlone() {
    PrefillResponse full = prefill(PROMPT, null, true, true);
    List<BlockHash> chain = chain(PROMPT);
    Frame last = requireNonNull(PEERS.fragments().remove(key(chain.get(3))));
    PrefillResponse tail = prefill(PROMPT, chain.subList(0, 3), true, true);
    assertThat(tail.tokensReused()).isEqualTo(48);
    assertThat(tail.tokensComputed()).isEqualTo(22);
    assertThat(tail.blocks())
        .extracting(PrefilledBlock::source)
        .containsExactly(Source.FRAGMENT, Source.FRAGMENT, Source.FRAGMENT, Source.PREFILL);
    assertThat(tail.blocks())
        .extracting(PrefilledBlock::digest)
        .isEqualTo(full.blocks().stream().map(PrefilledBlock::digest).toList());
    assertThat(stored(tail.blocks().get(3)).body()).isEqualTo(last.body());
    assertThat(tail.nextToken()).isEqualTo(full.nextToken()).isNotNull();
  }

  @Test
  void aWhollyStoredPromptComputesItsLastTokenOnlyForTheNext() {
    Tokens prompt = PROMPT.slice(0, 64);
    PrefillResponse full = prefill(prompt, null, true, true);
    PrefillResponse silent = prefill(prompt, chain(prompt), true, false);
    assertThat(silent.tokensReused()).isEqualTo(64);
    assertThat(silent.tokensComputed()).isZero();
    assertThat(silent.nextToken()).isNull();
    PrefillResponse asked = prefill(prompt, chain(prompt), true, true);
    assertThat(asked.tokensReused()).isEqualTo(64);
    assertThat(asked.tokensComputed()).isEqualTo(1);
    NextToken next = requireNonNull(asked.nextToken());
    assertThat(next.id()).isEqualTo(requireNonNull(full.nextToken()).id());
    assertThat(next.text()).isNotEmpty();
  }

  @Test
  void aTextIsTokenizedWithItsSpecialTokens() {
    String text = "The memory of the cluster keeps every token block of a long prompt.";
    Answer tokens = post("/v1/tokenize", "{\"text\":\"" + text + "\"}");
    Answer byText = post("/v1/prefill", "{\"text\":\"" + text + "\"}");
    assertThat(byText.status()).isEqualTo(200);
    assertThat(byText.json().get("total_tokens").intValue())
        .isEqualTo(tokens.json().get("count").intValue());
    Answer byTokens = post("/v1/prefill", "{\"tokens\":" + tokens.json().get("tokens") + "}");
    assertThat(byText.json().get("blocks")).isEqualTo(byTokens.json().get("blocks")).isNotEmpty();
  }

  @Test
  void theLogPositionCoversNewBlocksBeforeOldOnes() {
    prefill(PROMPT, null, true, false);
    PEERS.fragments().remove(key(chain(PROMPT).get(0)));
    assertThat(prefill(PROMPT, null, true, false).logPosition()).isEqualTo("7-4");
  }

  @Test
  void nothingIsStoredUnlessWanted() {
    PrefillResponse answer = prefill(PROMPT, null, false, false);
    assertThat(PEERS.fragments()).isEmpty();
    assertThat(answer.blocks()).hasSize(4).allMatch(block -> block.digest() == null);
    assertThat(answer.logPosition()).isNull();
  }

  @Test
  void aPromptShorterThanABlockStoresNothing() {
    PrefillResponse answer = prefill(PROMPT.slice(0, 15), null, true, true);
    assertThat(answer.blocks()).isEmpty();
    assertThat(answer.tokensComputed()).isEqualTo(15);
    assertThat(PEERS.fragments()).isEmpty();
  }

  @Test
  void anotherTenantsBlocksHaveOtherNames() {
    PrefillRequest request = new PrefillRequest(null, PROMPT, null, null, null, null);
    assertThat(prefill(request, "Membrane-Tenant", "acme").blocks())
        .extracting(PrefilledBlock::blockHash)
        .isEqualTo(chain(PROMPT, "acme"))
        .doesNotContainAnyElementsOf(chain(PROMPT));
  }

  @ParameterizedTest
  @EnumSource
  void aDamagedBlockAloneIsComputedAgain(Damage damage) {
    PrefillResponse full = prefill(PROMPT, null, true, true);
    List<BlockHash> chain = chain(PROMPT);
    FragmentKey damaged = key(chain.get(1));
    Frame other = damage.apply(requireNonNull(PEERS.fragments().remove(damaged)));
    if (other != null) {
      PEERS.fragments().put(damaged, other);
    }
    PrefillResponse answer = prefill(PROMPT, chain, false, true);
    assertThat(answer.tokensReused()).isEqualTo(48);
    assertThat(answer.tokensComputed()).isEqualTo(22);
    assertThat(answer.prefixMissing()).containsExactly(chain.get(1));
    assertThat(answer.blocks())
        .extracting(PrefilledBlock::source)
        .containsExactly(Source.FRAGMENT, Source.PREFILL, Source.FRAGMENT, Source.FRAGMENT);
    assertThat(answer.nextToken()).isEqualTo(full.nextToken());
  }

  @Test
  void whatCameWholeOfACutAnswerIsUsed() {
    PrefillResponse full = prefill(PROMPT, null, true, true);
    PEERS.cutAnswers(20_000);
    List<BlockHash> chain = chain(PROMPT);
    PrefillResponse answer = prefill(PROMPT, chain, false, true);
    assertThat(answer.tokensReused()).isEqualTo(32);
    assertThat(answer.tokensComputed()).isEqualTo(38);
    assertThat(answer.prefixMissing()).isEqualTo(chain.subList(0, 2));
    assertThat(answer.nextToken()).isEqualTo(full.nextToken());
  }

  @Test
  void aConflictKeepsTheFirstBytesAndIsSaid() {
    prefill(PROMPT, null, true, false);
    FragmentKey first = key(chain(PROMPT).get(0));
    Frame other =
        requireNonNull(Damage.FLIPPED_BIT.apply(requireNonNull(PEERS.fragments().get(first))));
    PEERS.fragments().put(first, other);
    PrefillResponse answer = prefill(PROMPT, null, true, false);
    assertThat(answer.blocks().get(0).digest()).isNull();
    assertThat(answer.blocks().get(1).digest()).isNotNull();
    assertThat(PEERS.fragments().get(first)).isSameAs(other);
    assertThat(get("/actuator/prometheus").http().body())
        .contains("membrane_worker_store_conflicts_total");
  }

  @ParameterizedTest
  @EnumSource(names = {"STORAGE_FULL", "QUOTA_EXCEEDED", "DEPENDENCY_UNAVAILABLE"})
  void whatTheStoreRefusesIsSaidInItsOwnWords(ErrorCode code) {
    PEERS.failPutsOfEachFragment(code);
    PrefillResponse answer = prefill(PROMPT, null, true, true);
    assertThat(answer.nextToken()).isNotNull();
    assertThat(answer.blocks()).hasSize(4).allMatch(block -> block.digest() == null);
    assertThat(answer.logPosition()).isNull();
    Unstored unstored = requireNonNull(answer.unstored());
    assertThat(unstored.keys()).isEqualTo(chain(PROMPT).stream().map(WorkerHttpTest::key).toList());
    assertThat(unstored.code()).isEqualTo(code.code());
    assertThat(unstored.detail()).isEqualTo("as the test wants it");
    assertThat(PEERS.fragments()).isEmpty();
    assertThat(get("/actuator/prometheus").http().body())
        .contains("membrane_worker_store_unstored_total{reason=\"" + code.code() + "\"");
  }

  @Test
  void ofAStoreThatBreaksOffOnlyWhatItSaidCounts() {
    PEERS.cutAnswers(30);
    PrefillResponse answer = prefill(PROMPT, null, true, false);
    Unstored unstored = requireNonNull(answer.unstored());
    assertThat(unstored.code()).isEqualTo("dependency_unavailable");
    for (PrefilledBlock block : answer.blocks()) {
      assertThat(block.digest() == null)
          .isEqualTo(unstored.keys().contains(key(block.blockHash())));
    }
  }

  @Test
  void fetchesAndPutsBelongToTheTraceOfTheirPrompt() {
    prefill(PROMPT, null, true, false);
    List<BlockHash> prefix = chain(PROMPT).subList(0, 2);
    String trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    prefill(
        request(PROMPT, prefix, true, false),
        "traceparent",
        "00-" + trace + "-00f067aa0ba902b7-01");
    assertThat(PEERS.traces())
        .containsOnlyKeys("/v1/fragments/batch-get", "/v1/fragments/batch-put");
    assertThat(PEERS.traces().values()).allMatch(parent -> parent.contains(trace));
  }

  @Test
  void anUnreachablePrefixIsComputed() {
    PEERS.failGets(ErrorCode.DEPENDENCY_UNAVAILABLE);
    List<BlockHash> chain = chain(PROMPT);
    PrefillResponse answer = prefill(PROMPT, chain, true, false);
    assertThat(answer.tokensReused()).isZero();
    assertThat(answer.tokensComputed()).isEqualTo(70);
    assertThat(answer.prefixMissing()).isEqualTo(chain);
    assertThat(PEERS.fragments()).hasSize(4);
  }

  @Test
  void theBlocksBeforeOneThatIsNotStoredStay() {
    PEERS.failPutsAfter(2, ErrorCode.STORAGE_FULL);
    PrefillResponse answer = prefill(PROMPT, null, true, false);
    List<BlockHash> chain = chain(PROMPT);
    assertThat(PEERS.fragments()).containsOnlyKeys(key(chain.get(0)), key(chain.get(1)));
    assertThat(answer.blocks().get(1).digest()).isNotNull();
    assertThat(requireNonNull(answer.unstored()).keys())
        .containsExactly(key(chain.get(2)), key(chain.get(3)));
    assertThat(answer.logPosition()).isEqualTo("7-2");
  }

  private PrefillResponse prefill(
      Tokens tokens, @Nullable List<BlockHash> prefix, boolean store, boolean nextToken) {
    return prefill(request(tokens, prefix, store, nextToken));
  }

  private static PrefillRequest request(
      Tokens tokens, @Nullable List<BlockHash> prefix, boolean store, boolean nextToken) {
    return new PrefillRequest(
        "tiny-llama", tokens, null, prefix == null ? null : new Prefix(prefix), store, nextToken);
  }

  private static List<BlockHash> chain(Tokens tokens, String tenant) {
    return BlockHasher.chain(Peers.root(NAMESPACE, tenant), 16, tokens);
  }

  private static Frame stored(PrefilledBlock block) {
    return requireNonNull(PEERS.fragments().get(new FragmentKey(block.blockHash(), block.slice())));
  }
}
