package io.membrane.worker.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models whose decoder is a part beside a vision tower. */
class TextPartTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  @TempDir Path temp;

  @ParameterizedTest
  @CsvSource({
    "qwen3_5-vl, Qwen3_5ForCausalLM, false, 94, 95",
    "qwen3-vl, Qwen3ForCausalLM, true, 94, 95",
    "qwen2_5-vl, Qwen2ForCausalLM, false, 94, 95",
    "mistral3, MistralForCausalLM, false, 94, 94",
    "llava, LlamaForCausalLM, false, 94, 94"
  })
  void theDecoderIsReadAndTheRestIsLeft(
      String variant, String decoder, boolean isTied, int image, int video) {
    try (Checkpoint checkpoint = Checkpoint.open(GOLDEN.resolve(variant))) {
      ModelConfig config = checkpoint.config();
      assertThat(config.architecture()).isEqualTo(decoder);
      assertThat(config.tiedHead()).isEqualTo(isTied);
      assertThat(config.placeholders()).contains(image, video);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "Qwen3_5ForConditionalGeneration" | "Gemma3ForConditionalGeneration" | the text part of Gemma3ForConditionalGeneration is not served; served are those of: Llava
          "Qwen3_5ForConditionalGeneration" | "Qwen3_5MoeForConditionalGeneration" | the text part of Qwen3_5MoeForConditionalGeneration is not served
          "Qwen3_5ForConditionalGeneration" | "Qwen3_5ForCausalLM"   | the text part of Qwen3_5ForCausalLM is not served
          "model_type": "qwen3_5_text"      | "model_type": "gemma3_text" | text_config of model_type `gemma3_text` is not served; these are: llama,
          "model_type": "qwen3_5_text"      | "model_type": null     | text_config of model_type `` is not served
          "text_config": {                  | "text_config": 3, "x": { | text_config must be an object
          "text_config": {                  | "quantization_config": {"a": 1}, "text_config": { | quantized weights are not served
          "image_token_id": 94              | "image_token_id": "<image>" | image_token_id must be a whole number
          "hidden_size": 32                 | "hidden_size": 64      | model.language_model.embed_tokens.weight has shape [96, 32], config.json wants [96, 64]
          "num_hidden_layers": 2            | "num_hidden_layers": 3 | layer_types has 2 entries
          """)
  void whatIsNotServedSaysWhy(String written, String instead, String message) throws IOException {
    Path model = edited("qwen3_5-vl", written, instead);
    assertThatThrownBy(() -> Checkpoint.open(model).close())
        .isInstanceOf(BadModelException.class)
        .hasMessageContaining(message.replace('`', '\''));
  }

  /** Configurations of such models say "tied" where they mean nothing by it. */
  @Test
  void aHeadThatIsThereIsUsed() throws IOException {
    Path model =
        edited("mistral3", "\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true");
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      assertThat(checkpoint.config().tiedHead()).isFalse();
    }
  }

  private Path edited(String variant, String written, String instead) throws IOException {
    Path from = GOLDEN.resolve(variant);
    Files.copy(from.resolve("model.safetensors"), temp.resolve("model.safetensors"));
    String config = Files.readString(from.resolve("config.json"));
    assertThat(config).contains(written);
    Files.writeString(temp.resolve("config.json"), config.replace(written, instead));
    return temp;
  }
}
