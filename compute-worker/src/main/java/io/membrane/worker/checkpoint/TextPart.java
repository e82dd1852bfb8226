package io.membrane.worker.checkpoint;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * Where a {@code config.json} describes its decoder: all of it does, or, of a model that also sees
 * images, its {@code text_config}.
 *
 * @param architecture class of the decoder alone
 * @param config what describes the decoder
 * @param isNested whether there are other parts beside it
 * @param placeholders token ids that stand for what the other parts compute
 */
record TextPart(
    String architecture, JsonFile config, boolean isNested, List<Integer> placeholders) {

  /** Classes whose decoder computes text as the decoder alone would. */
  private static final List<String> WITH_IMAGES =
      List.of(
          "LlavaForConditionalGeneration",
          "Mistral3ForConditionalGeneration",
          "Qwen2VLForConditionalGeneration",
          "Qwen2_5_VLForConditionalGeneration",
          "Qwen3VLForConditionalGeneration",
          "Qwen3_5ForConditionalGeneration");

  /** By the {@code model_type} of the part; Qwen2-VL as first written has no parts. */
  private static final Map<String, String> DECODERS =
      Map.of(
          "llama", "LlamaForCausalLM",
          "mistral", "MistralForCausalLM",
          "qwen2", "Qwen2ForCausalLM",
          "qwen2_vl", "Qwen2ForCausalLM",
          "qwen2_vl_text", "Qwen2ForCausalLM",
          "qwen2_5_vl", "Qwen2ForCausalLM",
          "qwen2_5_vl_text", "Qwen2ForCausalLM",
          "qwen3", "Qwen3ForCausalLM",
          "qwen3_vl_text", "Qwen3ForCausalLM",
          "qwen3_5_text", "Qwen3_5ForCausalLM");

  private static final List<String> PLACEHOLDERS =
      List.of("image_token_id", "image_token_index", "video_token_id", "video_token_index");

  TextPart {
    placeholders = List.copyOf(placeholders);
  }

  static TextPart of(JsonFile root) {
    String architecture = architecture(root);
    if (!WITH_IMAGES.contains(architecture)) {
      if (root.has("text_config")) {
        throw new BadModelException(
            "config.json: the text part of %s is not served; served are those of: %s"
                .formatted(architecture, String.join(", ", WITH_IMAGES)));
      }
      return new TextPart(architecture, root, false, List.of());
    }
    JsonFile text = root.has("text_config") ? root.object("text_config") : root;
    String type = text.text("model_type", "");
    String decoder = DECODERS.get(type);
    if (decoder == null) {
      throw new BadModelException(
          "config.json: text_config of model_type '%s' is not served; these are: %s"
              .formatted(
                  type, DECODERS.keySet().stream().sorted().collect(Collectors.joining(", "))));
    }
    return new TextPart(decoder, text, true, placeholders(root));
  }

  private static List<Integer> placeholders(JsonFile root) {
    return PLACEHOLDERS.stream().filter(root::has).map(root::size).distinct().toList();
  }

  private static String architecture(JsonFile json) {
    JsonNode names = json.root().path("architectures");
    if (!names.isArray() || names.size() != 1 || !names.get(0).isString()) {
      throw new BadModelException(
          "config.json: architectures must name one class, such as [\"LlamaForCausalLM\"]");
    }
    return names.get(0).stringValue();
  }
}
