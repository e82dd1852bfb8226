package io.membrane.worker.checkpoint;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a decoder of the Llama family: RMSNorm, RoPE, grouped-query attention, SwiGLU.
 *
 * @param architecture class name in Hugging Face transformers
 * @param headDim elements per head; need not be {@code hiddenSize / heads}
 * @param kvHeads key/value heads, a divisor of {@code heads}
 * @param maxPositions {@code max_position_embeddings}
 * @param inputBias whether the projections of q, k and v have a bias
 * @param outputBias whether the projection of the attention's output has a bias
 * @param mlpBias whether the three projections of the MLP have a bias
 * @param headNorm whether q and k are normalised per head (Qwen3)
 * @param tiedHead whether the embedding is also the head
 * @param hybrid the linear layers among those of attention; null where there are none
 * @param isNested whether the checkpoint has other parts beside this decoder
 * @param placeholders token ids that stand for an image or a video, which is not computed
 */
public record ModelConfig(
    String architecture,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int maxPositions,
    double normEpsilon,
    boolean inputBias,
    boolean outputBias,
    boolean mlpBias,
    boolean headNorm,
    boolean tiedHead,
    Rope rope,
    @Nullable HybridLayers hybrid,
    boolean isNested,
    List<Integer> placeholders) {

  public ModelConfig {
    placeholders = List.copyOf(placeholders);
    if (heads % kvHeads != 0) {
      throw new BadModelException(
          "config.json: num_attention_heads (%d) must be a multiple of num_key_value_heads (%d)"
              .formatted(heads, kvHeads));
    }
    if (rope.dimensions() > headDim) {
      throw new BadModelException(
          "config.json: partial_rotary_factor must be at most 1: the rope has %d dimensions, a head %d"
              .formatted(rope.dimensions(), headDim));
    }
  }

  /** Every tensor that the forward pass needs, by its name in a checkpoint of a decoder alone. */
  public List<TensorSpec> tensors() {
    List<TensorSpec> all = new ArrayList<>();
    all.add(new TensorSpec("model.embed_tokens.weight", vocabSize, hiddenSize));
    for (int layer = 0; layer < layers; layer++) {
      String at = "model.layers." + layer + ".";
      all.add(new TensorSpec(at + "input_layernorm.weight", hiddenSize));
      if (hybrid != null && hybrid.linear().get(layer)) {
        all.addAll(hybrid.mixer(at + "linear_attn.", hiddenSize));
      } else {
        attention(all, at);
      }
      all.add(new TensorSpec(at + "post_attention_layernorm.weight", hiddenSize));
      mlp(all, at + "mlp.", layer);
    }
    all.add(new TensorSpec("model.norm.weight", hiddenSize));
    if (!tiedHead) {
      all.add(new TensorSpec("lm_head.weight", vocabSize, hiddenSize));
    }
    return List.copyOf(all);
  }

  /** This shape with a head of its own, whatever it says of its embedding. */
  ModelConfig withHead() {
    return new ModelConfig(
        architecture,
        vocabSize,
        hiddenSize,
        intermediateSize,
        layers,
        heads,
        kvHeads,
        headDim,
        maxPositions,
        normEpsilon,
        inputBias,
        outputBias,
        mlpBias,
        headNorm,
        false,
        rope,
        hybrid,
        isNested,
        placeholders);
  }

  /** Layers that have K and V. */
  public int attentionLayers() {
    return hybrid == null ? layers : hybrid.attentionLayers();
  }

  private void attention(List<TensorSpec> all, String at) {
    int gated = hybrid == null ? 1 : 2;
    linear(all, at + "self_attn.q_proj", gated * heads * headDim, hiddenSize, inputBias);
    linear(all, at + "self_attn.k_proj", kvHeads * headDim, hiddenSize, inputBias);
    linear(all, at + "self_attn.v_proj", kvHeads * headDim, hiddenSize, inputBias);
    linear(all, at + "self_attn.o_proj", hiddenSize, heads * headDim, outputBias);
    if (headNorm) {
      all.add(new TensorSpec(at + "self_attn.q_norm.weight", headDim));
      all.add(new TensorSpec(at + "self_attn.k_norm.weight", headDim));
    }
  }

  private void mlp(List<TensorSpec> all, String at, int layer) {
    Experts experts = hybrid == null ? null : hybrid.experts();
    if (experts != null && experts.sparse().get(layer)) {
      all.addAll(experts.mlp(at, hiddenSize));
      return;
    }
    linear(all, at + "gate_proj", intermediateSize, hiddenSize, mlpBias);
    linear(all, at + "up_proj", intermediateSize, hiddenSize, mlpBias);
    linear(all, at + "down_proj", hiddenSize, intermediateSize, mlpBias);
  }

  private static void linear(List<TensorSpec> all, String name, int out, int in, boolean bias) {
    all.add(new TensorSpec(name + ".weight", out, in));
    if (bias) {
      all.add(new TensorSpec(name + ".bias", out));
    }
  }
}
