package io.membrane.worker.checkpoint;

import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * Reads {@code config.json}, in the spelling of transformers 4 ({@code rope_theta}, {@code
 * rope_scaling}) and of transformers 5 ({@code rope_parameters}). Of a model that also sees images
 * the decoder alone is read.
 */
final class ConfigReader {

  private static final int MISTRAL_WINDOW = 4096;

  /** What the classes of transformers do without being told by the configuration. */
  private record Family(boolean inputBias, boolean headNorm, int defaultHeadDim, boolean isHybrid) {

    Family(boolean inputBias, boolean headNorm, int defaultHeadDim) {
      this(inputBias, headNorm, defaultHeadDim, false);
    }
  }

  private static final int HIDDEN_OVER_HEADS = 0;

  private static final String QWEN3_NEXT = "Qwen3NextForCausalLM";

  /** Rotated part of a head of the hybrid models. */
  private static final double HYBRID_ROPE_PART = 0.25;

  private static final Map<String, Family> FAMILIES =
      Map.of(
          "LlamaForCausalLM",
          new Family(false, false, HIDDEN_OVER_HEADS),
          "MistralForCausalLM",
          new Family(false, false, HIDDEN_OVER_HEADS),
          "Qwen2ForCausalLM",
          new Family(true, false, HIDDEN_OVER_HEADS),
          "Qwen3ForCausalLM",
          new Family(false, true, 128),
          QWEN3_NEXT,
          new Family(false, true, 256, true),
          "Qwen3_5ForCausalLM",
          new Family(false, true, 256, true));

  private ConfigReader() {}

  static ModelConfig read(JsonFile root) {
    TextPart part = TextPart.of(root);
    JsonFile json = part.config();
    String architecture = part.architecture();
    Family family = FAMILIES.get(architecture);
    if (family == null) {
      throw new BadModelException(
          "config.json: architecture %s is not served; these are: %s"
              .formatted(
                  architecture,
                  FAMILIES.keySet().stream().sorted().collect(Collectors.joining(", "))));
    }
    refuseQuantized(root);
    refuseUnsupported(json, architecture, family);
    int hidden = json.size("hidden_size");
    int heads = json.size("num_attention_heads");
    int headDim =
        json.size(
            "head_dim",
            family.defaultHeadDim() == HIDDEN_OVER_HEADS
                ? hidden / heads
                : family.defaultHeadDim());
    boolean attentionBias = json.flag("attention_bias", false);
    int maxPositions = json.size("max_position_embeddings");
    int layers = json.size("num_hidden_layers");
    return new ModelConfig(
        architecture,
        json.size("vocab_size"),
        hidden,
        json.size("intermediate_size"),
        layers,
        heads,
        json.size("num_key_value_heads", heads),
        headDim,
        maxPositions,
        json.number("rms_norm_eps", 1e-6),
        family.inputBias() || attentionBias,
        attentionBias,
        json.flag("mlp_bias", false),
        family.headNorm(),
        root.flag("tie_word_embeddings", json.flag("tie_word_embeddings", false)),
        RopeReader.read(json, headDim, maxPositions, family.isHybrid() ? HYBRID_ROPE_PART : 1),
        family.isHybrid() ? HybridReader.read(json, layers, architecture.equals(QWEN3_NEXT)) : null,
        part.isNested(),
        part.placeholders());
  }

  private static void refuseQuantized(JsonFile root) {
    if (root.has("quantization_config")) {
      throw new BadModelException(
          "config.json: quantized weights are not served: use the model's f32, bf16 or f16 form");
    }
  }

  private static void refuseUnsupported(JsonFile json, String architecture, Family family) {
    String activation = json.text("hidden_act", "silu");
    if (!activation.equals("silu")) {
      throw new BadModelException(
          "config.json: hidden_act " + activation + " is not served, only silu (SwiGLU)");
    }
    if (!family.isHybrid() && slidingWindow(json, architecture)) {
      throw new BadModelException(
          "config.json: sliding-window attention is not served: its KV cannot be rebuilt from token"
              + " blocks of all layers. Use a model with full attention");
    }
  }

  /**
   * Qwen uses a window only when {@code use_sliding_window}; Mistral wherever one is named, and
   * where the key is missing, for then transformers takes its default of 4,096; null means none.
   */
  private static boolean slidingWindow(JsonFile json, String architecture) {
    for (JsonNode type : json.root().path("layer_types")) {
      if (!type.isString() || !type.stringValue().equals("full_attention")) {
        return true;
      }
    }
    boolean mistral = architecture.equals("MistralForCausalLM");
    boolean unnamed = mistral && json.root().path("sliding_window").isMissingNode();
    int window = json.size("sliding_window", unnamed ? MISTRAL_WINDOW : Integer.MAX_VALUE);
    return json.flag("use_sliding_window", unnamed || json.has("sliding_window"))
        && window < json.size("max_position_embeddings");
  }
}
