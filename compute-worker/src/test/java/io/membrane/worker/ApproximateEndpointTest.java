package io.membrane.worker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ComputeClient.Embedding;
import io.membrane.wire.ComputeClient.EmbeddingList;
import io.membrane.wire.ComputeClient.EmbeddingRequest;
import io.membrane.wire.ComputeClient.TokenizeResponse;
import io.membrane.wire.EmbeddingInput;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.membrane.wire.PrefillResponse.Source;
import io.membrane.wire.Shifted;
import io.membrane.wire.Shifted.ShiftedBlock;
import io.membrane.wire.Shifted.ShiftedDeviation;
import io.membrane.wire.Shifted.ShiftedReport;
import io.membrane.wire.Shifted.ShiftedUse;
import io.membrane.worker.publish.WorkerMetric;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;

/** A document of two blocks is stored; the prompt has it behind another text, edited. */
class ApproximateEndpointTest extends ShiftedWorkerTest {

  private static final Tokens DOCUMENT = tokens(12, 32);
  private static final Tokens STORED = joined(tokens(11, 16), DOCUMENT);

  /** Tokens 19 and 27 are others than in the document's first block; its second is as it was. */
  private static final Tokens PROMPT =
      joined(tokens(13, 16), edited(DOCUMENT, 3, 11), tokens(14, 9));

  @Autowired MeterRegistry meters;

  @BeforeEach
  void store() {
    assertThat(prefill(STORED, null).blocks()).hasSize(3);
  }

  @Test
  void whatIsSimilarIsReusedUnderNamesOfItsOwnAndSaidTokenByToken() {
    PrefillResponse answer = prefill(PROMPT, similar(0.5, false));

    ShiftedReport report = requireNonNull(answer.shifted());
    ShiftedUse use = report.blocks().getFirst();
    assertThat(use.used()).isTrue();
    assertThat(use.otherTokens()).isEqualTo(2);
    assertThat(use.similarity()).isEqualTo(0.97);
    assertThat(use.sourceBlockHash()).isEqualTo(chain(STORED).get(1));
    assertThat(use.approximateSpans())
        .containsExactly(new TokenSpan(16, 19), new TokenSpan(20, 27), new TokenSpan(28, 32));
    assertThat(report.blocks().getLast().approximateSpans()).isNull();
    assertThat(report.tokensKept()).isEqualTo(14 + 16);
    assertThat(answer.tokensComputed()).isEqualTo(16 + 2 + 9);
    assertThat(answer.blocks())
        .extracting(PrefilledBlock::source)
        .containsExactly(Source.PREFILL, Source.APPROXIMATE, Source.APPROXIMATE);
  }

  @Test
  void whatIsSimilarIsNeverStoredUnderExactOrShiftedNames() {
    List<BlockHash> exact = chain(PROMPT);
    PrefillResponse answer = prefill(PROMPT, similar(0.5, false));
    List<BlockHash> names = hashes(answer);

    assertThat(names.getFirst()).isEqualTo(exact.getFirst());
    assertThat(names.subList(1, 3))
        .doesNotContainAnyElementsOf(exact)
        .doesNotContainAnyElementsOf(hashes(prefill(PROMPT, equal())))
        .doesNotContainAnyElementsOf(hashes(prefill(PROMPT, similar(0.6, false))));
    assertThat(hashes(prefill(PROMPT, similar(0.5, false)))).isEqualTo(names);
    for (PrefilledBlock block : answer.blocks()) {
      FragmentKey key = new FragmentKey(block.blockHash(), block.slice());
      assertThat(requireNonNull(PEERS.fragments().get(key)).header().digest())
          .isEqualTo(block.digest());
    }
    List<PrefilledBlock> beside = prefill(PROMPT, null).blocks();
    assertThat(beside).extracting(PrefilledBlock::blockHash).isEqualTo(exact);
    PEERS.reset();
    assertThat(prefill(PROMPT, null).blocks()).isEqualTo(beside);
  }

  @Test
  void withoutTheWordABlockOfOtherTokensIsComputedAsAWhole() {
    PrefillResponse answer = prefill(PROMPT, equal());

    ShiftedUse use = requireNonNull(answer.shifted()).blocks().getFirst();
    assertThat(use.used()).isFalse();
    assertThat(use.keptTokens()).isZero();
    assertThat(use.otherTokens()).isEqualTo(2);
    assertThat(use.why()).contains("2 tokens are others").contains("more than may be");
    assertThat(answer.tokensComputed()).isEqualTo(16 + 16 + 9);
    assertThat(answer.blocks()).noneMatch(block -> block.source() == Source.APPROXIMATE);
  }

  @Test
  void aBlockWithTooFewEqualTokensIsComputedAsAWhole() {
    ShiftedReport report = requireNonNull(prefill(PROMPT, similar(0.9, false)).shifted());

    assertThat(report.blocks().getFirst().used()).isFalse();
    assertThat(report.blocks().getFirst().approximateSpans()).isEmpty();
    assertThat(report.tokensKept()).isEqualTo(16);
  }

  @Test
  void theDeviationFromTheFullPrefillIsReported() {
    ShiftedDeviation kept = deviation(0);
    ShiftedDeviation all = deviation(1);

    assertThat(kept.keyRelative()).isBetween(0.01, 2.0);
    assertThat(kept.valueRelative()).isBetween(0.01, 2.0);
    assertThat(kept.logitsMax()).isGreaterThan(all.logitsMax());
    assertThat(all.keyRelative()).isLessThan(1e-5);
    assertThat(all.valueRelative()).isLessThan(1e-5);
    assertThat(all.sameNextToken()).isTrue();
  }

  /** The threshold that reconstruction-service has by default. */
  @Test
  void aRealTextWithOneLateEditIsSimilarByItsEmbedding() throws IOException {
    String text = Files.readString(Path.of("../docs/glossary.md"));
    Tokens tokens =
        WireJson.mapper()
            .readValue(
                post("/v1/tokenize", json(Map.of("text", text))).http().body(),
                TokenizeResponse.class)
            .tokens();
    for (int at = 0; at < 10 * 64; at += 64) {
      Tokens chunk = tokens.slice(at, at + 64);
      EmbeddingInput input = EmbeddingInput.ofTokens(List.of(chunk, edited(chunk, 58)));
      List<Embedding> embeddings =
          WireJson.mapper()
              .readValue(
                  post("/v1/embeddings", json(new EmbeddingRequest(null, input, null)))
                      .http()
                      .body(),
                  EmbeddingList.class)
              .data();
      assertThat(cosine(embeddings.getFirst().embedding(), embeddings.getLast().embedding()))
          .isBetween(0.95, 0.9999);
    }
  }

  private static double cosine(float[] a, float[] b) {
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  }

  private static double dot(float[] a, float[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> (double) a[i] * b[i]).sum();
  }

  @Test
  void tokensAreCountedApart() {
    double before = counted("approximate");
    double shifted = counted("shifted");
    prefill(PROMPT, similar(0.5, false));
    assertThat(counted("approximate") - before).isEqualTo(14);
    assertThat(counted("shifted") - shifted).isEqualTo(16);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"similarity\":0.9                          | 0.5   | say approximate",
        "\"approximate\":false,\"similarity\":0.9    | 0.5   | say approximate",
        "\"approximate\":true,\"similarity\":1.1     | 0.5   | -1 to 1",
        "\"approximate\":true,\"similarity\":\"NaN\" | 0.5   | -1 to 1",
        "\"approximate\":true                        | 1.5   | least_equal is 0 to 1",
        "\"approximate\":true                        | -0.1  | least_equal is 0 to 1",
      })
  void badApproximateBlocksAreRefused(String fields, String leastEqual, String detail) {
    String body =
        ("{\"tokens\":%s,\"shifted\":{\"least_equal\":%s,\"blocks\":[{\"token_span\":[16,32],"
                + "\"source_block_hash\":\"%s\",\"source_from\":16,%s}]}}")
            .formatted(json(PROMPT), leastEqual, chain(STORED).get(1).hex(), fields);

    Answer answer = post("/v1/prefill", body);

    assertThat(answer.code()).as(answer.http().body()).isEqualTo("impossible_request");
    assertThat(answer.http().body()).contains(detail);
  }

  private double counted(String source) {
    return meters.counter(WorkerMetric.TOKENS.metric(), "source", source).count();
  }

  private ShiftedDeviation deviation(double share) {
    Shifted asked = similar(0.5, true);
    Shifted wanted = new Shifted(asked.blocks(), share, true, 0.5);
    return requireNonNull(requireNonNull(prefill(PROMPT, wanted).shifted()).deviation());
  }

  private static Shifted similar(double leastEqual, boolean measure) {
    return new Shifted(
        List.of(
            new ShiftedBlock(new TokenSpan(16, 32), chain(STORED).get(1), 16, true, 0.97),
            new ShiftedBlock(new TokenSpan(32, 48), chain(STORED).get(2), 32)),
        0.0,
        measure,
        leastEqual);
  }

  /** The same blocks without the word. */
  private static Shifted equal() {
    return new Shifted(
        similar(0.5, false).blocks().stream()
            .map(b -> new ShiftedBlock(b.tokenSpan(), b.sourceBlockHash(), b.sourceFrom()))
            .toList(),
        0.0,
        false);
  }

  private PrefillResponse prefill(Tokens tokens, @Nullable Shifted shifted) {
    return prefill(new PrefillRequest(null, tokens, null, null, true, true, null, shifted, null));
  }

  private static Tokens edited(Tokens tokens, int... at) {
    long[] ids = tokens.toLongs();
    for (int i : at) {
      ids[i] = (ids[i] + 7) % 1536;
    }
    return Tokens.of(ids);
  }
}
