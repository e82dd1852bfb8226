package io.membrane.worker.prefill;

import static io.membrane.worker.prefill.Golden.distance;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.worker.checkpoint.ElementType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GoldenTest {

  private static final double F32_TOLERANCE = 1e-4;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama",
        "llama3-rope-tied-sharded",
        "llama3-rope-old",
        "linear",
        "yarn",
        "yarn-mscale",
        "dynamic",
        "longrope",
        "head-dim",
        "biases",
        "multi-head",
        "mistral",
        "qwen2",
        "qwen3",
        "llava",
        "mistral3",
        "qwen2_5-vl",
        "qwen3-vl",
        "tiny-llama"
      })
  void kvLogitsAndEmbeddingsEqualTransformers(String variant) throws IOException {
    assertEqual(variant, ElementType.F32, F32_TOLERANCE);
  }

  /**
   * bf16 keeps 8 bits: a relative step of 1/256 in each of the few dozen roundings on the way. f16
   * weights compute in f32; their KV is rounded to 11 bits.
   */
  @ParameterizedTest
  @CsvSource({"llama-bf16, BF16, 0.08", "llama-f16, F16, 0.004"})
  void halfPrecisionStaysWithinItsRounding(String variant, ElementType type, double tolerance)
      throws IOException {
    assertEqual(variant, type, tolerance);
  }

  @Test
  void aLoadedModelNeedsNothingOfWhatItWasLoadedFrom() throws IOException {
    Golden golden = Golden.read("tiny-llama");
    try (PrefillModel model = Golden.load("tiny-llama", null, 64)) {
      for (int round = 0; round < 3; round++) {
        System.gc();
        ByteBuffer[] taken = new ByteBuffer[256];
        Arrays.setAll(taken, i -> ByteBuffer.allocateDirect(64 + i).putLong(0, -1));
        assertThat(taken).isNotEmpty();
        try (Prefill prefill = model.begin(golden.tokens, List.of(), 16)) {
          while (prefill.advance()) {}
          assertThat(distance(golden.logits, prefill.logits())).isLessThan(F32_TOLERANCE);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 16, 24, 64, 1000})
  void embeddingsAreThoseOfTransformersWhateverGoesThroughTheModelAtOnce(int chunkTokens)
      throws IOException {
    Golden golden = Golden.read("tiny-llama");
    try (PrefillModel model = Golden.load("tiny-llama", null, chunkTokens);
        Prefill prefill = model.begin(golden.tokens, List.of(), 16, true)) {
      while (prefill.advance()) {}
      assertThat(distance(golden.means, embeddings(prefill, golden))).isLessThan(F32_TOLERANCE);
    }
  }

  private static void assertEqual(String variant, ElementType kvType, double tolerance)
      throws IOException {
    Golden golden = Golden.read(variant);
    try (PrefillModel model = Golden.load(variant, null, 32);
        Prefill prefill = model.begin(golden.tokens, List.of(), 16, true)) {
      assertThat(model.layout().type()).isEqualTo(kvType);
      while (prefill.advance()) {}
      float[] kv = Golden.values(prefill.kv(0, golden.tokens.length()), kvType);
      assertThat(distance(golden.kv, kv)).as("KV").isLessThan(tolerance);
      assertThat(distance(golden.logits, prefill.logits())).as("logits").isLessThan(tolerance);
      assertThat(distance(golden.means, embeddings(prefill, golden)))
          .as("embeddings")
          .isLessThan(tolerance);
    }
  }

  private static float[] embeddings(Prefill prefill, Golden golden) {
    int blocks = golden.tokens.length() / 16;
    float[] all = new float[golden.means.length];
    int dimensions = all.length / blocks;
    for (int block = 0; block < blocks; block++) {
      float[] embedding = prefill.embedding(block);
      assertThat(embedding).hasSize(dimensions);
      System.arraycopy(embedding, 0, all, block * dimensions, dimensions);
    }
    return all;
  }
}
