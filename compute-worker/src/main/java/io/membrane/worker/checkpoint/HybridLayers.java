package io.membrane.worker.checkpoint;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a model of attention layers mixed with gated delta nets has beyond {@link ModelConfig}:
 * linear layers of a short convolution and a recurrent state, attention whose output is gated,
 * norms whose weights are stored as the distance from one.
 *
 * @param linear whether each layer is linear, from the first layer on
 * @param keyHeads heads of q and k in a linear layer, a divisor of {@code valueHeads}
 * @param valueHeads heads of v and of the recurrent state in a linear layer
 * @param keyDim elements of a key head
 * @param valueDim elements of a value head
 * @param kernel tokens that the convolution sees, the present one included
 * @param fusedInput whether the checkpoint holds q, k, v and z in one matrix, by key head
 *     (Qwen3-Next)
 * @param experts the mixture of experts; null where every MLP is dense
 */
public record HybridLayers(
    List<Boolean> linear,
    int keyHeads,
    int valueHeads,
    int keyDim,
    int valueDim,
    int kernel,
    boolean fusedInput,
    @Nullable Experts experts) {

  public HybridLayers {
    linear = List.copyOf(linear);
    if (valueHeads % keyHeads != 0) {
      throw new BadModelException(
          "config.json: linear_num_value_heads (%d) must be a multiple of linear_num_key_heads (%d)"
              .formatted(valueHeads, keyHeads));
    }
    if (kernel < 2) {
      throw new BadModelException("config.json: linear_conv_kernel_dim must be at least 2");
    }
    if (!linear.contains(true) || !linear.contains(false)) {
      throw new BadModelException(
          "config.json: layer_types must hold both linear_attention and full_attention: a model of"
              + " one kind alone is not served in this architecture");
    }
  }

  /** Channels of the convolution: q, k and v of a token. */
  public int channels() {
    return 2 * keyHeads * keyDim + valueHeads * valueDim;
  }

  /** Layers with a recurrent state. */
  public int linearLayers() {
    return (int) linear.stream().filter(l -> l).count();
  }

  /** Layers with K and V. */
  public int attentionLayers() {
    return linear.size() - linearLayers();
  }

  /** Tensors of the token mixer of a linear layer, named {@code model.layers.N.linear_attn.…}. */
  List<TensorSpec> mixer(String at, int hidden) {
    int values = valueHeads * valueDim;
    List<TensorSpec> all = new ArrayList<>();
    if (fusedInput) {
      all.add(new TensorSpec(at + "in_proj_qkvz.weight", channels() + values, hidden));
      all.add(new TensorSpec(at + "in_proj_ba.weight", 2 * valueHeads, hidden));
    } else {
      all.add(new TensorSpec(at + "in_proj_qkv.weight", channels(), hidden));
      all.add(new TensorSpec(at + "in_proj_z.weight", values, hidden));
      all.add(new TensorSpec(at + "in_proj_b.weight", valueHeads, hidden));
      all.add(new TensorSpec(at + "in_proj_a.weight", valueHeads, hidden));
    }
    all.add(new TensorSpec(at + "conv1d.weight", channels(), 1, kernel));
    all.add(new TensorSpec(at + "dt_bias", valueHeads));
    all.add(new TensorSpec(at + "A_log", valueHeads));
    all.add(new TensorSpec(at + "norm.weight", valueDim));
    all.add(new TensorSpec(at + "out_proj.weight", hidden, values));
    return all;
  }

  /** Whether a tensor stays in f32 whatever the model computes in, since it is an exponent. */
  public static boolean isExponent(String tensor) {
    return tensor.endsWith(".A_log") || tensor.endsWith(".dt_bias");
  }

  /** Whether a tensor is a norm's weight stored as its distance from one. */
  public static boolean isCentred(String tensor) {
    return tensor.endsWith("norm.weight") && !tensor.contains(".linear_attn.");
  }
}
