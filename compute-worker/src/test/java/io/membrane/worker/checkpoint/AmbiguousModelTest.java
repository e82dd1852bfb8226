package io.membrane.worker.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that a reader could take for another one without noticing. */
class AmbiguousModelTest extends ModelCopies {

  private static final String INDEX = "model.safetensors.index.json";

  /** Then transformers takes its default, 4096. */
  @Test
  void aQwenThatUsesAWindowAndDoesNotNameItHasOne() {
    Path model = copy("qwen2");
    edit(
        model.resolve("config.json"),
        text ->
            text.replaceAll("\"sliding_window\": null,", "")
                .replaceAll("(?s)\"layer_types\": \\[.*?\\],", "")
                .replace("\"use_sliding_window\": false", "\"use_sliding_window\": true")
                .replace("\"max_position_embeddings\": 256", "\"max_position_embeddings\": 8192"));
    assertRefused(model, "sliding-window attention is not served");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"sliding_window\": 16, \"use_sliding_window\": false",
        "\"sliding_window\": 256, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 4}",
      })
  void aMistralWhosePromptsOutgrowItsWindowIsRefused(String window) {
    Path model = copy("mistral");
    edit(
        model.resolve("config.json"),
        text ->
            text.replaceAll("(?s)\"rope_parameters\": \\{.*?\\},", "")
                .replace("\"sliding_window\": null", window));
    assertRefused(model, "sliding-window attention is not served");
  }

  @Test
  void aModelThatSeesMustNameItsRope() {
    Path model = copy("qwen3-vl");
    edit(
        model.resolve("config.json"), text -> text.replaceAll("\"rope_theta\": 10000.0,?\\s*", ""));
    assertRefused(model, "rope_theta is missing in the text part");
  }

  @Test
  void aTiedHeadThatIsNotTheEmbeddingIsRefused() {
    Path model = copy("llama");
    edit(
        model.resolve("config.json"),
        text -> text.replace("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true"));
    assertRefused(model, "tie_word_embeddings is true, but lm_head.weight is not model.embed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"a\": 1}", "null", "\"a\\u0000.safetensors\""})
  void aShardThatIsNoFileNameIsRefused(String shard) {
    Path model = copy("llama3-rope-tied-sharded");
    edit(
        model.resolve(INDEX),
        text ->
            text.replaceFirst(
                "\"model-00002-of-00004.safetensors\"", Matcher.quoteReplacement(shard)));
    assertRefused(model, "a shard is a .safetensors file beside the index");
  }

  @Test
  void theOriginalPositionsOutsideTheRopeComeFirst() {
    Path model = copy("longrope");
    edit(
        model.resolve("config.json"),
        text -> text.replaceFirst("\\{", "{\"original_max_position_embeddings\": 64,"));
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      assertThat(checkpoint.config().rope().scaling().positionLimit(256)).isEqualTo(64);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"rope_theta\": 500.0, \"factor\": 2.0}",
        "{\"short_factor\": [1.0], \"long_factor\": [2.0]}",
        "{\"full_attention\": {\"rope_theta\": 500.0}}"
      })
  void aRopeOfNoTypeThatSaysMoreIsRefused(String rope) {
    Path model = copy("mistral");
    edit(
        model.resolve("config.json"),
        text ->
            text.replaceAll(
                "(?s)\"rope_parameters\": \\{.*?\\},", "\"rope_parameters\": " + rope + ","));
    assertRefused(model, "rope_type '' is not served");
  }

  @Test
  void aRopeOfNoTypeThatScalesNothingIsThePlainOne() {
    Path model = copy("mistral");
    edit(
        model.resolve("config.json"),
        text ->
            text.replaceAll(
                "(?s)\"rope_parameters\": \\{.*?\\},",
                "\"rope_parameters\": {\"rope_theta\": 500.0},"));
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      assertThat(checkpoint.config().rope().base()).isEqualTo(500);
      assertThat(checkpoint.config().rope().scaling().positionLimit(256)).isEqualTo(256);
    }
  }
}
