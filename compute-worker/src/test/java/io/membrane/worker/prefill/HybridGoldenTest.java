package io.membrane.worker.prefill;

import static io.membrane.worker.prefill.Golden.distance;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.worker.checkpoint.ElementType;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HybridGoldenTest {

  /**
   * With chunks of 90 tokens the delta rule takes 64 and 26 at once, with 7 it takes 7. In bf16
   * transformers itself is 0.28 away from its own f32.
   */
  @ParameterizedTest
  @CsvSource({
    "qwen3-next, F32, 90, 1e-4",
    "qwen3-next, F32, 7, 1e-4",
    "qwen3-next-dense, F32, 32, 1e-4",
    "qwen3_5, F32, 90, 1e-4",
    "qwen3_5, F32, 1, 1e-4",
    "qwen3_5-vl, F32, 32, 1e-4",
    "qwen3_5-bf16, BF16, 32, 0.35"
  })
  void kvStateLogitsAndEmbeddingsEqualTransformers(
      String variant, ElementType kvType, int chunk, double tolerance) throws IOException {
    Golden golden = Golden.read(variant);
    float[] state =
        Golden.values(Files.readAllBytes(golden.directory.resolve("state.f32")), ElementType.F32);
    int length = golden.tokens.length();
    try (PrefillModel model = Golden.load(variant, null, chunk);
        Prefill prefill = model.begin(golden.tokens, List.of(), length, false);
        Prefill embedded = model.begin(golden.tokens, List.of(), 16, true)) {
      while (prefill.advance()) {}
      assertThat(prefill.kv(0, length)).hasSize((int) model.layout().bytes(length));
      float[] kv = Golden.values(prefill.kv(0, length), kvType);
      assertThat(distance(golden.kv, kv)).as("KV").isLessThan(tolerance);
      assertThat(prefill.snapshots()).containsOnlyKeys(1);
      float[] snapshot =
          Golden.values(prefill.snapshots().firstEntry().getValue(), ElementType.F32);
      assertThat(distance(state, snapshot)).as("state").isLessThan(tolerance);
      assertThat(distance(golden.logits, prefill.logits())).as("logits").isLessThan(tolerance);
      while (embedded.advance()) {}
      for (int block = 0; block < length / 16; block++) {
        float[] expected = new float[model.hiddenSize()];
        System.arraycopy(golden.means, block * expected.length, expected, 0, expected.length);
        assertThat(distance(expected, embedded.embedding(block)))
            .as("embedding %d", block)
            .isLessThan(tolerance);
      }
    }
  }
}
