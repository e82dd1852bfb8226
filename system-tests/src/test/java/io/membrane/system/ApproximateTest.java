package io.membrane.system;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ComputeClient.EmbeddingList;
import io.membrane.wire.ComputeClient.EmbeddingRequest;
import io.membrane.wire.ComputeClient.TokenizeResponse;
import io.membrane.wire.DirectoryClient.DescribeRequest;
import io.membrane.wire.DirectoryClient.Described;
import io.membrane.wire.DirectoryClient.Description;
import io.membrane.wire.DirectoryClient.SearchResponse;
import io.membrane.wire.EmbeddingInput;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Fidelity;
import io.membrane.wire.ReconstructionClient.Segment;
import io.membrane.wire.Shifted.ShiftedReport;
import io.membrane.wire.Shifted.ShiftedUse;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** A real document is stored; a prompt has it edited, behind another text. */
class ApproximateTest {

  @RegisterExtension static final TestFleet FLEET = TestFleet.shared();

  private static final String TENANT = "approximate-test";
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int BLOCK = TestFleet.BLOCK_TOKENS;
  private static final int BLOCKS = 3;

  /** In each block, the token that was edited. */
  private static final int EDITED = 58;

  private final Http reconstruction = FLEET.http("reconstruction-service");
  private final Http worker = FLEET.http("compute-worker");
  private final Http directory = FLEET.http("directory-service");

  @BeforeEach
  void allow() {
    Http fragments = FLEET.http("fragment-service");
    fragments
        .send(
            fragments
                .request("/v1/tenants/" + TENANT + "/policy")
                .header("Content-Type", "application/json")
                .header("Membrane-Tenant", TENANT)
                .PUT(BodyPublishers.ofString("{\"reuse\":\"approximate\"}")))
        .as(JsonNode.class);
  }

  @Test
  void anEditedDocumentIsReusedApproximatelyPrefetchedAndMeasured() throws IOException {
    Tokens text = text();
    Tokens document = text.slice(0, BLOCKS * BLOCK);
    PrefillResponse stored = prefill(document);
    describe(stored, document);
    Tokens prompt =
        joined(text.slice(2000, 2000 + BLOCK), edited(document), text.slice(3000, 3009));

    ContextResponse answer = context(prompt, "approximate", Map.of("measure", true));

    List<Segment> approximate =
        answer.segments().stream().filter(s -> s.fidelity() == Fidelity.APPROXIMATE).toList();
    assertThat(approximate).as(answer.segments().toString()).isNotEmpty();
    ShiftedReport report = requireNonNull(answer.shifted());
    assertThat(report.blocks()).extracting(ShiftedUse::sourceBlockHash).isEqualTo(hashes(stored));
    for (int i = 0; i < BLOCKS; i++) {
      ShiftedUse use = report.blocks().get(i);
      int edit = (1 + i) * BLOCK + EDITED;
      assertThat(requireNonNull(use.similarity())).isBetween(0.95, 1.0);
      assertThat(use.otherTokens()).isEqualTo(1);
      assertThat(requireNonNull(use.approximateSpans()))
          .isNotEmpty()
          .noneMatch(span -> holds(span, edit));
    }
    assertThat(requireNonNull(answer.coverage().approximateTokens())).isPositive();
    assertThat(requireNonNull(report.deviation()).keyRelative()).isBetween(0.0, 2.0);
    assertThat(requireNonNull(answer.approximate()).prefetchedBlocks())
        .isGreaterThanOrEqualTo(BLOCKS);
    Awaitility.await().atMost(PATIENCE).until(() -> prefetched() >= BLOCKS);
    assertThat(context(prompt, "exact", Map.of()).coverage().reusedTokens())
        .as("all but what is before the first similar block has another name")
        .isEqualTo(BLOCK);
  }

  /** The worker describes its blocks in the prompt's context; afterwards they are by themselves. */
  private void describe(PrefillResponse stored, Tokens document) {
    Namespace namespace = stored.namespace();
    for (PrefilledBlock block : stored.blocks()) {
      awaitFound(namespace, block.blockHash(), requireNonNull(block.embedding()));
    }
    List<Tokens> chunks =
        IntStream.range(0, BLOCKS)
            .mapToObj(i -> document.slice(i * BLOCK, i * BLOCK + BLOCK))
            .toList();
    List<float[]> embeddings =
        post(
                worker,
                "/v1/embeddings",
                new EmbeddingRequest(null, EmbeddingInput.ofTokens(chunks), null))
            .as(EmbeddingList.class)
            .data()
            .stream()
            .map(e -> e.embedding())
            .toList();
    List<Description> descriptions = new ArrayList<>();
    for (int i = 0; i < BLOCKS; i++) {
      descriptions.add(
          new Description(
              stored.blocks().get(i).blockHash(), chunks.get(i), null, embeddings.get(i)));
    }
    post(
            directory,
            "/v1/directory/chunks",
            new DescribeRequest(NamespaceRequest.of(namespace), descriptions))
        .as(Described.class);
    for (int i = 0; i < BLOCKS; i++) {
      awaitFound(namespace, stored.blocks().get(i).blockHash(), embeddings.get(i));
    }
  }

  private void awaitFound(Namespace namespace, BlockHash block, float[] embedding) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() ->
            post(
                    directory,
                    "/v1/directory/chunks/search",
                    Map.of("namespace", namespace, "embedding", embedding))
                .as(SearchResponse.class)
                .matches()
                .stream()
                .anyMatch(f -> f.blockHash().equals(block) && f.similarity() > 0.999));
  }

  private PrefillResponse prefill(Tokens tokens) {
    return post(
            worker,
            "/v1/prefill",
            new PrefillRequest(null, tokens, null, null, true, false, true, null, null))
        .as(PrefillResponse.class);
  }

  private ContextResponse context(Tokens prompt, String reuse, Map<String, Object> shifted) {
    Map<String, Object> body =
        shifted.isEmpty()
            ? Map.of("tokens", prompt, "reuse", reuse, "on_miss", "report")
            : Map.of("tokens", prompt, "reuse", reuse, "shifted", shifted);
    return post(reconstruction, "/v1/contexts", body).as(ContextResponse.class);
  }

  private double prefetched() {
    return reconstruction
        .get("/actuator/prometheus")
        .text()
        .lines()
        .filter(line ->
            line.startsWith(
                "membrane_reconstruction_semantic_prefetched_blocks_total{outcome=\"asked\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  private static Http.Answer post(Http service, String path, Object body) {
    return service.send(
        service
            .request(path)
            .header("Content-Type", "application/json")
            .header("Membrane-Tenant", TENANT)
            .POST(BodyPublishers.ofString(WireJson.mapper().writeValueAsString(body))));
  }

  private Tokens text() throws IOException {
    try (InputStream in =
        new GZIPInputStream(
            requireNonNull(getClass().getResourceAsStream("/text/docs-before.txt.gz")))) {
      String all = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return post(worker, "/v1/tokenize", Map.of("text", all.substring(0, 20_000)))
          .as(TokenizeResponse.class)
          .tokens();
    }
  }

  private static Tokens edited(Tokens document) {
    long[] ids = document.toLongs();
    for (int at = EDITED; at < ids.length; at += BLOCK) {
      ids[at] = (ids[at] + 1) % TestFleet.VOCABULARY;
    }
    return Tokens.of(ids);
  }

  private static boolean holds(TokenSpan span, int token) {
    return span.from() <= token && token < span.to();
  }

  private static List<BlockHash> hashes(PrefillResponse answer) {
    return answer.blocks().stream().map(PrefilledBlock::blockHash).toList();
  }

  private static Tokens joined(Tokens... parts) {
    return Tokens.of(
        Stream.of(parts).flatMapToLong(part -> LongStream.of(part.toLongs())).toArray());
  }
}
