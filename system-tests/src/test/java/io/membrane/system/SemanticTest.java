package io.membrane.system;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.fixture.Seeds;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.ComputeClient.EmbeddingList;
import io.membrane.wire.ComputeClient.EmbeddingRequest;
import io.membrane.wire.ComputeClient.TokenizeResponse;
import io.membrane.wire.DirectoryClient.DescribeRequest;
import io.membrane.wire.DirectoryClient.Description;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.EmbeddingInput;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Blocks found by what the worker's model makes of them. */
class SemanticTest {

  @RegisterExtension static final TestFleet FLEET = TestFleet.shared();

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int BLOCK = 16;
  private static final int TEN = 10;

  /** Past 2,048 the directory's index is a graph. */
  private static final int INDEXED = 2200;

  private static final int ASKED = 200;
  private static final double TIE = 0.002;

  private final Http http = FLEET.http();

  @Test
  void aPrefillsBlocksAreFoundByTheirEmbeddingsAndTokens() {
    Tokens prompt = Seeds.tokens(new Random(31), 4 * TestFleet.BLOCK_TOKENS, TestFleet.VOCABULARY);
    PrefillResponse answer =
        http.post(
                "/v1/prefill",
                new PrefillRequest(null, prompt, null, null, true, false, true, null, null))
            .as(PrefillResponse.class);
    for (PrefilledBlock block : answer.blocks()) {
      float[] embedding = requireNonNull(block.embedding());
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> found(answer.namespace(), embedding).contains(block.blockHash()));
      assertThat(found(answer.namespace(), embedding).getFirst()).isEqualTo(block.blockHash());
      Tokens chunk = prompt.slice(block.tokenSpan().from(), block.tokenSpan().to());
      JsonNode same =
          http.post(
                  "/v1/directory/chunks/search",
                  Map.of("namespace", answer.namespace(), "tokens", chunk))
              .json();
      assertThat(same.at("/matches/0/block_hash").stringValue()).isEqualTo(block.blockHash().hex());
    }
  }

  @Test
  void nearlyAllOfTheNearestChunksOfARealTextAreFoundAndThoseThatAreTheSameFirst()
      throws IOException {
    Namespace namespace = new Namespace("docs", "before", "f32", BLOCK);
    List<Tokens> chunks = chunks("docs-before").subList(0, INDEXED);
    List<float[]> embeddings = embeddings(chunks);
    List<BlockHash> blocks = store(namespace, chunks, embeddings);
    List<Tokens> all = chunks("docs-after");
    List<Tokens> asked =
        IntStream.range(0, ASKED).mapToObj(i -> all.get(i * (all.size() / ASKED))).toList();
    List<float[]> directions = embeddings(asked);
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> found(namespace, embeddings.getLast()).contains(blocks.getLast()));
    Map<BlockHash, Integer> numbers = new HashMap<>();
    blocks.forEach(block -> numbers.put(block, numbers.size()));
    int right = 0;
    int equal = 0;
    for (int i = 0; i < ASKED; i++) {
      float[] direction = directions.get(i);
      List<Integer> nearest =
          found(namespace, direction).stream()
              .map(block -> Objects.requireNonNull(numbers.get(block)))
              .toList();
      assertThat(nearest).hasSize(TEN);
      double[] similarities =
          embeddings.stream().mapToDouble(e -> cosine(e, direction)).sorted().toArray();
      double tenth = similarities[similarities.length - TEN];
      right +=
          (int)
              nearest.stream()
                  .filter(n -> cosine(embeddings.get(n), direction) >= tenth - TIE)
                  .count();
      if (chunks.contains(asked.get(i))) {
        assertThat(chunks.get(nearest.getFirst())).isEqualTo(asked.get(i));
        equal++;
      }
    }
    assertThat(right).isGreaterThanOrEqualTo(ASKED * TEN * 19 / 20);
    assertThat(equal).isGreaterThan(ASKED / 10);
  }

  /** Tells the directory of a node that has the chunks as one context, and what they mean. */
  private List<BlockHash> store(
      Namespace namespace, List<Tokens> chunks, List<float[]> embeddings) {
    List<BlockHash> blocks = new ArrayList<>();
    List<Event> events = new ArrayList<>();
    List<Description> descriptions = new ArrayList<>();
    Random random = new Random(37);
    for (int i = 0; i < chunks.size(); i++) {
      BlockHash block = Seeds.hash(random);
      TokenSpan span = new TokenSpan(i * BLOCK, (i + 1) * BLOCK);
      events.add(
          new Event(
              EventType.STORED,
              namespace,
              block,
              i == 0 ? null : blocks.getLast(),
              Slice.attention(1),
              1L,
              "gpu",
              span,
              null));
      blocks.add(block);
      descriptions.add(new Description(block, null, null, embeddings.get(i)));
    }
    http.post("/v1/directory/events", new EventBatch("reader", "near", 1L, 0L, events))
        .as(JsonNode.class);
    for (int from = 0; from < chunks.size(); from += 500) {
      List<Description> part = descriptions.subList(from, Math.min(chunks.size(), from + 500));
      http.post("/v1/directory/chunks", new DescribeRequest(NamespaceRequest.of(namespace), part))
          .as(JsonNode.class);
    }
    return blocks;
  }

  private List<BlockHash> found(Namespace namespace, float[] embedding) {
    return http.post(
            "/v1/directory/chunks/search",
            Map.of("namespace", namespace, "embedding", embedding, "k", TEN))
        .json()
        .get("matches")
        .valueStream()
        .map(match -> BlockHash.parse(match.get("block_hash").stringValue()))
        .toList();
  }

  private List<float[]> embeddings(List<Tokens> chunks) {
    List<float[]> all = new ArrayList<>();
    for (int from = 0; from < chunks.size(); from += ComputeClient.MAX_INPUTS) {
      int to = Math.min(chunks.size(), from + ComputeClient.MAX_INPUTS);
      http.post(
              "/v1/embeddings",
              new EmbeddingRequest(null, EmbeddingInput.ofTokens(chunks.subList(from, to)), null))
          .as(EmbeddingList.class)
          .data()
          .forEach(embedding -> all.add(embedding.embedding()));
    }
    return all;
  }

  private List<Tokens> chunks(String name) throws IOException {
    List<Tokens> chunks = new ArrayList<>();
    try (InputStream in =
        new GZIPInputStream(
            requireNonNull(getClass().getResourceAsStream("/text/" + name + ".txt.gz")))) {
      for (String text : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\f", -1)) {
        Tokens tokens =
            http.post("/v1/tokenize", Map.of("text", text)).as(TokenizeResponse.class).tokens();
        for (int at = 0; at + BLOCK <= tokens.length(); at += BLOCK) {
          chunks.add(tokens.slice(at, at + BLOCK));
        }
      }
    }
    return chunks;
  }

  private static double cosine(float[] one, float[] other) {
    double dot = 0;
    double a = 0;
    double b = 0;
    for (int i = 0; i < one.length; i++) {
      dot += (double) one[i] * other[i];
      a += (double) one[i] * one[i];
      b += (double) other[i] * other[i];
    }
    return dot / Math.sqrt(a * b);
  }
}
