package io.membrane.worker.checkpoint;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Reads what a hybrid model's {@code config.json} says beyond that of a plain decoder. */
final class HybridReader {

  private static final int ATTENTION_EVERY = 4;

  private HybridReader() {}

  /**
   * Reads the linear layers.
   *
   * @param fusedInput as in {@link HybridLayers}: Qwen3-Next, which also has experts
   */
  static HybridLayers read(JsonFile json, int layers, boolean fusedInput) {
    return new HybridLayers(
        linear(json, layers),
        json.size("linear_num_key_heads", 16),
        json.size("linear_num_value_heads", 32),
        json.size("linear_key_head_dim", 128),
        json.size("linear_value_head_dim", 128),
        json.size("linear_conv_kernel_dim", 4),
        fusedInput,
        fusedInput ? experts(json, layers) : null);
  }

  private static List<Boolean> linear(JsonFile json, int layers) {
    if (!json.has("layer_types")) {
      int interval = json.size("full_attention_interval", ATTENTION_EVERY);
      return IntStream.range(0, layers).mapToObj(layer -> (layer + 1) % interval != 0).toList();
    }
    List<Boolean> linear = new ArrayList<>();
    for (JsonNode type : json.root().path("layer_types")) {
      linear.add(
          switch (type.asString("")) {
            case "linear_attention" -> true;
            case "full_attention" -> false;
            default ->
                throw new BadModelException(
                    "config.json: layer type "
                        + type
                        + " is not served, only linear_attention and full_attention");
          });
    }
    if (linear.size() != layers) {
      throw new BadModelException(
          "config.json: layer_types has %d entries, num_hidden_layers is %d"
              .formatted(linear.size(), layers));
    }
    return linear;
  }

  private static @Nullable Experts experts(JsonFile json, int layers) {
    if (json.number("num_experts", 1) == 0) {
      return null;
    }
    int step = json.size("decoder_sparse_step", 1);
    Set<Integer> dense = new HashSet<>();
    json.root().path("mlp_only_layers").forEach(layer -> dense.add(layer.asInt(-1)));
    List<Boolean> sparse =
        IntStream.range(0, layers)
            .mapToObj(layer -> !dense.contains(layer) && (layer + 1) % step == 0)
            .toList();
    return sparse.contains(true)
        ? new Experts(
            sparse,
            json.size("num_experts", 512),
            json.size("num_experts_per_tok", 10),
            json.size("moe_intermediate_size", 512),
            json.size("shared_expert_intermediate_size", 512),
            json.flag("norm_topk_prob", true))
        : null;
  }
}
