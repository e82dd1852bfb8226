package io.membrane.worker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Signature;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.Frame;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ComputeClient.ModelList;
import io.membrane.wire.Model;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.membrane.wire.PrefillResponse.Source;
import io.membrane.wire.Shifted;
import io.membrane.wire.Shifted.ShiftedBlock;
import io.membrane.wire.TransferBlock;
import io.membrane.wire.TransferBlock.TransferPart;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a hybrid model says, stores, reuses and hands out. */
class HybridEndpointTest extends HybridWorkerTest {

  @Test
  void theModelSaysWhatItsReaderNeeds() {
    Answer answer = get("/v1/models");
    Model listed =
        WireJson.mapper().readValue(answer.http().body(), ModelList.class).data().getFirst();
    assertThat(listed.namespace()).isEqualTo(NAMESPACE);
    assertThat(listed.needs())
        .containsExactly(Slice.parse("attn.0-3.0of1"), Slice.parse("state.0-3.0of1"));
    assertThat(requireNonNull(listed.signature()).layers()).isEqualTo(2);
  }

  @Test
  void kvOfTheAttentionLayersAndSomeStatesAreStored() {
    PrefillResponse answer = prefill(PROMPT, List.of(), true, false);
    assertThat(answer.blocks()).hasSize(7);
    assertThat(answer.blocks()).allMatch(b -> b.slice().kind() == Slice.Kind.ATTN);
    List<PrefilledBlock> states = requireNonNull(answer.states());
    assertThat(states)
        .extracting(s -> s.tokenSpan().to())
        .containsExactly(2 * 16, 4 * 16, 6 * 16, 7 * 16);
    assertThat(PEERS.fragments()).hasSize(7 + 4);
    for (PrefilledBlock state : states) {
      Frame stored =
          requireNonNull(PEERS.fragments().get(new FragmentKey(state.blockHash(), state.slice())));
      assertThat(stored.header().digest()).isEqualTo(state.digest());
      assertThat(stored.body()).hasSize((int) state.bytes()).hasSize(2880);
      TokenSpan span = state.tokenSpan();
      assertThat(requireNonNull(stored.header().meta()).signature())
          .isEqualTo(
              new Signature(NAMESPACE, Signature.STATE_LAYOUT, 2, 4, 6, span, "rope", 10_000));
    }
  }

  @Test
  void aPromptGoesOnBehindItsState() {
    PrefillResponse cold = prefill(PROMPT, List.of(), true, true);
    PrefillResponse warm = prefill(PROMPT, CHAIN.subList(0, 5), false, true);
    assertThat(warm.tokensReused()).isEqualTo(4 * 16);
    assertThat(warm.tokensComputed()).isEqualTo(PROMPT.length() - 4 * 16);
    assertThat(warm.prefixMissing()).isEqualTo(CHAIN.subList(4, 5));
    assertThat(warm.nextToken()).isEqualTo(cold.nextToken());
    assertThat(requireNonNull(warm.states()))
        .extracting(PrefilledBlock::source)
        .containsExactly(Source.FRAGMENT, Source.PREFILL, Source.PREFILL);
  }

  @Test
  void aRepeatedPromptStoresTheSameBytes() {
    prefill(PROMPT, List.of(), true, false);
    Map<FragmentKey, Frame> before = Map.copyOf(PEERS.fragments());
    PrefillResponse warm = prefill(PROMPT, CHAIN.subList(0, 2), true, false);
    assertThat(warm.tokensReused()).isEqualTo(2 * 16);
    assertThat(warm.blocks()).allMatch(block -> block.digest() != null);
    assertThat(requireNonNull(warm.states())).allMatch(state -> state.digest() != null);
    assertThat(PEERS.fragments()).isEqualTo(before);
  }

  @Test
  void aWhollyStoredPromptGoesBackAStateForTheNextToken() {
    Tokens whole = PROMPT.slice(0, 6 * 16);
    PrefillResponse cold = prefill(whole, List.of(), true, true);
    PrefillResponse silent = prefill(whole, CHAIN.subList(0, 6), true, false);
    assertThat(silent.tokensReused()).isEqualTo(6 * 16);
    assertThat(silent.tokensComputed()).isZero();
    PrefillResponse asked = prefill(whole, CHAIN.subList(0, 6), true, true);
    assertThat(asked.tokensReused()).isEqualTo(4 * 16);
    assertThat(asked.nextToken()).isEqualTo(cold.nextToken());
  }

  @Test
  void theTailIsHandedOutOnceAndNeverStored() {
    String asked =
        "{\"tail\":true,\"tokens\":" + WireJson.mapper().writeValueAsString(PROMPT) + "}";
    TransferBlock tail =
        requireNonNull(
            WireJson.mapper()
                .readValue(post("/v1/prefill", asked).http().body(), PrefillResponse.class)
                .transferBlock());
    TokenSpan span = new TokenSpan(7 * 16, 7 * 16 + 9);
    assertThat(tail.tokenSpan()).isEqualTo(span);
    assertThat(tail.parts())
        .extracting(TransferPart::slice)
        .hasToString("[attn.0-3.0of1, state.0-3.0of1]");
    assertThat(tail.parts())
        .extracting(TransferPart::bytes)
        .containsExactly(2L * 2 * 9 * 2 * 16 * 4, 2880L);
    assertThat(tail.parts()).allMatch(part -> part.signature().tokenSpan().equals(span));
    assertThat(PEERS.fragments()).hasSize(7 + 4);
    assertThat(tail.expiresInMs()).isEqualTo(60_000);
    ModelList models =
        WireJson.mapper().readValue(get("/v1/models").http().body(), ModelList.class);
    assertThat(tail.id()).startsWith(requireNonNull(models.node()) + TransferBlock.SEPARATOR);
    String path = "/v1/transfer-blocks/" + tail.id();
    assertThat(get(path, "Membrane-Tenant", "other").status()).isEqualTo(404);
    HttpResponse<byte[]> bytes = bytes(path);
    assertThat(bytes.statusCode()).isEqualTo(200);
    assertThat(ContentDigest.of(bytes.body())).isEqualTo(tail.digest());
    assertThat(bytes.headers().firstValue("Repr-Digest")).hasValue(tail.digest().toReprDigest());
    assertThat(get(path).code()).isEqualTo("not_found");
  }

  @Test
  void thereIsNoTransferBlockUnlessItIsAskedForAndSomethingLiesThere() {
    assertThat(prefill(PROMPT, List.of(), false, false).transferBlock()).isNull();
    String whole = WireJson.mapper().writeValueAsString(PROMPT.slice(0, 32));
    Answer answer = post("/v1/prefill", "{\"tail\":true,\"tokens\":" + whole + "}");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().has("transfer_block")).isFalse();
  }

  private HttpResponse<byte[]> bytes(String path) {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
          HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aBlockOfAnotherPlaceIsRefused() {
    Tokens prompt = Tokens.ofInts(new int[40]);
    ShiftedBlock block =
        new ShiftedBlock(new TokenSpan(16, 32), BlockHash.parse("ab".repeat(32)), 0);
    Answer answer =
        post(
            "/v1/prefill",
            WireJson.mapper()
                .writeValueAsString(
                    new PrefillRequest(
                        "hybrid",
                        prompt,
                        null,
                        null,
                        false,
                        false,
                        null,
                        new Shifted(List.of(block), null, null),
                        null)));
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.http().body()).contains("hybrid model").contains("leave out shifted");
  }
}
