package io.membrane.worker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ComputeClient.Embedding;
import io.membrane.wire.ComputeClient.EmbeddingList;
import io.membrane.wire.ComputeClient.EmbeddingRequest;
import io.membrane.wire.EmbeddingInput;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EmbeddingEndpointTest extends WorkerHttpTest {

  private static final Random RANDOM = new Random(23);

  @Test
  void everyChunkIsEmbeddedByItselfWhateverElseIsAskedFor() {
    List<Tokens> chunks =
        Stream.of(1, 5, 16, 17, 100).map(length -> Seeds.tokens(RANDOM, length, 1536)).toList();
    EmbeddingList all = embed(EmbeddingInput.ofTokens(chunks));
    assertThat(all.object()).isEqualTo("list");
    assertThat(all.model()).isEqualTo("tiny-llama");
    assertThat(all.namespace()).isEqualTo(new Namespace("tiny-llama", "r1", "f32", 16));
    assertThat(all.usage().totalTokens()).isEqualTo(139).isEqualTo(all.usage().promptTokens());
    assertThat(all.data()).extracting(Embedding::index).containsExactly(0, 1, 2, 3, 4);
    for (int i = 0; i < chunks.size(); i++) {
      Embedding alone = embed(EmbeddingInput.ofTokens(chunks.subList(i, i + 1))).data().getFirst();
      assertThat(alone.embedding()).hasSize(128).isEqualTo(all.data().get(i).embedding());
    }
  }

  @Test
  void aTextIsEmbeddedAsItsTokensAre() {
    String text = "The memory of the cluster";
    String tokens =
        post("/v1/tokenize", "{\"text\":\"" + text + "\"}").json().at("/tokens").toString();
    List<float[]> embeddings =
        Stream.of("\"" + text + "\"", "[\"" + text + "\"]", tokens, "[" + tokens + "]")
            .map(input -> list(post("/v1/embeddings", "{\"input\":" + input + "}")))
            .map(list -> list.data().getFirst().embedding())
            .toList();
    assertThat(embeddings)
        .hasSize(4)
        .allSatisfy(e -> assertThat(e).isEqualTo(embeddings.getFirst()));
  }

  @Test
  void aPrefillAnswersTheEmbeddingsOfTheBlocksThatItComputes() {
    Tokens prompt = Seeds.tokens(RANDOM, 70, 1536);
    List<PrefilledBlock> full = prefill(prompt, null);
    assertThat(full).hasSize(4);
    assertThat(full.getFirst().embedding())
        .isEqualTo(
            embed(EmbeddingInput.ofTokens(List.of(prompt.slice(0, 16))))
                .data()
                .getFirst()
                .embedding());
    List<PrefilledBlock> tail =
        prefill(
            prompt,
            new Prefix(full.subList(0, 2).stream().map(PrefilledBlock::blockHash).toList()));
    assertThat(tail.subList(0, 2)).allMatch(block -> block.embedding() == null);
    for (int block = 2; block < 4; block++) {
      assertThat(tail.get(block).embedding())
          .isEqualTo(requireNonNull(full.get(block).embedding()));
    }
  }

  @Test
  void whatIsEmbeddedIsNotStored() {
    embed(EmbeddingInput.ofTokens(List.of(Seeds.tokens(RANDOM, 64, 1536))));
    assertThat(PEERS.fragments()).isEmpty();
    assertThat(PEERS.described()).isEmpty();
  }

  private List<PrefilledBlock> prefill(Tokens prompt, @Nullable Prefix prefix) {
    Answer answer =
        post(
            "/v1/prefill",
            WireJson.mapper()
                .writeValueAsString(
                    new PrefillRequest(null, prompt, null, prefix, true, false, true, null, null)));
    assertThat(answer.status()).as(answer.http().body()).isEqualTo(200);
    return WireJson.mapper().readValue(answer.http().body(), PrefillResponse.class).blocks();
  }

  private EmbeddingList embed(EmbeddingInput input) {
    return list(
        post(
            "/v1/embeddings",
            WireJson.mapper().writeValueAsString(new EmbeddingRequest("tiny-llama", input, 128))));
  }

  private static EmbeddingList list(Answer answer) {
    assertThat(answer.status()).as(answer.http().body()).isEqualTo(200);
    return WireJson.mapper().readValue(answer.http().body(), EmbeddingList.class);
  }
}
