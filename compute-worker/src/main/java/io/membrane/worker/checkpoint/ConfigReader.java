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

  private static final int DEFAULT_WINDOW = 4096;

  /** More than any model has; their tensors are counted in memory before one is looked for. */
  private static final int MAX_LAYERS = 10_000;

  /** What the classes of transformers do without being told by the configuration. */
  private record Family(
      String modelType, boolean inputBias, boolean headNorm, int defaultHeadDim, boolean isHybrid) {

    Family(String modelType, boolean inputBias, boolean headNorm, int defaultHeadDim) {
      this(modelType, inputBias, headNorm, defaultHeadDim, false);
    }
  }

  private static final int HIDDEN_OVER_HEADS = 0;

  private static final String QWEN3_NEXT = "Qwen3NextForCausalLM";

  /** Rotated part of a head of the hybrid models. */
  private static final double HYBRID_ROPE_PART = 0.25;

  private static final Map<String, Family> FAMILIES =
      Map.of(
          "LlamaForCausalLM",
          new Family("llama", false, false, HIDDEN_OVER_HEADS),
          "MistralForCausalLM",
          new Family("mistral", false, false, HIDDEN_OVER_HEADS),
          "Qwen2ForCausalLM",
          new Family("qwen2", true, false, HIDDEN_OVER_HEADS),
          "Qwen3ForCausalLM",
          new Family("qwen3", false, true, 128),
          QWEN3_NEXT,
          new Family("qwen3_next", false, true, 256, true),
          "Qwen3_5ForCausalLM",
          new Family("qwen3_5_text", false, true, 256, true));

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
    refuseQuantized(json);
    refuseContradictory(part, family);
    refuseUnsupported(json);
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
    int layers = layers(json);
    Rope rope =
        RopeReader.read(
            json, headDim, maxPositions, family.isHybrid() ? HYBRID_ROPE_PART : RopeReader.WHOLE);
    if (!family.isHybrid()) {
      refuseSlidingWindow(json, architecture, rope.scaling().positionLimit(maxPositions));
    }
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
        normEpsilon(json),
        family.inputBias() || attentionBias,
        attentionBias,
        json.flag("mlp_bias", false),
        family.headNorm(),
        root.flag("tie_word_embeddings", json.flag("tie_word_embeddings", false)),
        rope,
        family.isHybrid() ? HybridReader.read(json, layers, architecture.equals(QWEN3_NEXT)) : null,
        part.isNested(),
        part.placeholders());
  }

  private static void refuseQuantized(JsonFile root) {
    if (root.has("quantization_config") || root.has("compression_config")) {
      throw new BadModelException(
          "config.json: quantized weights are not served: use the model's f32, bf16 or f16 form");
    }
  }

  /** Transformers takes the class from {@code model_type} and does not look at the architecture. */
  private static void refuseContradictory(TextPart part, Family family) {
    JsonFile json = part.config();
    String type = json.text("model_type", family.modelType());
    if (!part.isNested() && !type.equals(family.modelType())) {
      throw new BadModelException(
          "config.json: model_type '%s' is not that of %s, which is '%s': correct the one that is wrong"
              .formatted(type, part.architecture(), family.modelType()));
    }
    if (part.isNested()
        && part.architecture().startsWith("Qwen")
        && !json.has("rope_theta")
        && !json.object("rope_parameters").has("rope_theta")) {
      throw new BadModelException(
          "config.json: rope_theta is missing in the text part, and its default is not the same in"
              + " every version: write the one that the model was trained with");
    }
  }

  private static int layers(JsonFile json) {
    int layers = json.size("num_hidden_layers");
    if (layers > MAX_LAYERS) {
      throw new BadModelException(
          "config.json: num_hidden_layers must be at most %d, not %d"
              .formatted(MAX_LAYERS, layers));
    }
    return layers;
  }

  private static double normEpsilon(JsonFile json) {
    double epsilon = json.number("rms_norm_eps", 1e-6);
    if (!(epsilon >= 0 && epsilon < 1)) {
      throw new BadModelException(
          "config.json: rms_norm_eps must be from 0 to below 1, not " + epsilon);
    }
    return epsilon;
  }

  private static void refuseUnsupported(JsonFile json) {
    String activation = json.text("hidden_act", "silu");
    if (!activation.equals("silu")) {
      throw new BadModelException(
          "config.json: hidden_act " + activation + " is not served, only silu (SwiGLU)");
    }
  }

  private static void refuseSlidingWindow(JsonFile json, String architecture, int positions) {
    if (slidingWindow(json, architecture, positions)) {
      throw new BadModelException(
          "config.json: sliding-window attention is not served: its KV cannot be rebuilt from token"
              + " blocks of all layers. Use a model with full attention");
    }
    JsonNode types = json.root().path("layer_types");
    if (json.has("layer_types")
        && (!types.isArray() || types.size() != json.size("num_hidden_layers"))) {
      throw new BadModelException("config.json: layer_types must be a list with one entry a layer");
    }
  }

  /**
   * Qwen uses a window only when {@code use_sliding_window}, Mistral always, whatever that says;
   * null means none. Where the key is missing transformers takes its default of 4,096.
   *
   * @param positions longest prompt in tokens
   */
  private static boolean slidingWindow(JsonFile json, String architecture, int positions) {
    for (JsonNode type : json.root().path("layer_types")) {
      if (!type.isString() || !type.stringValue().equals("full_attention")) {
        return true;
      }
    }
    boolean missing = json.root().path("sliding_window").isMissingNode();
    boolean used =
        architecture.equals("MistralForCausalLM")
            ? missing || json.has("sliding_window")
            : json.flag("use_sliding_window", json.has("sliding_window"));
    int window = json.size("sliding_window", missing ? DEFAULT_WINDOW : Integer.MAX_VALUE);
    return used && window < positions;
  }
}
