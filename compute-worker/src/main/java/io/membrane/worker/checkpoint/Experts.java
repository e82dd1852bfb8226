package io.membrane.worker.checkpoint;

import java.util.ArrayList;
import java.util.List;

/**
 * The mixture of experts of an MLP: a router picks some experts for each token, a shared expert
 * with a gate of its own is added.
 *
 * @param sparse whether each layer's MLP is one, from the first layer on
 * @param count experts
 * @param perToken experts that a token goes through, at most {@code count}
 * @param intermediateSize of an expert
 * @param sharedSize of the shared expert
 * @param normalised whether the weights of a token's experts are made to sum to one
 */
public record Experts(
    List<Boolean> sparse,
    int count,
    int perToken,
    int intermediateSize,
    int sharedSize,
    boolean normalised) {

  /** More than any model has; their tensors are counted in memory before one is looked for. */
  private static final int MAX_EXPERTS = 200_000;

  public Experts {
    sparse = List.copyOf(sparse);
    if (perToken > count) {
      throw new BadModelException(
          "config.json: num_experts_per_tok (%d) must be at most num_experts (%d)"
              .formatted(perToken, count));
    }
    long all = sparse.stream().filter(s -> s).count() * count;
    if (all > MAX_EXPERTS) {
      throw new BadModelException(
          "config.json: num_experts (%d) makes %d experts in all layers, at most %d are served"
              .formatted(count, all, MAX_EXPERTS));
    }
  }

  /** Tensors of one layer's MLP, named {@code model.layers.N.mlp.…}. */
  List<TensorSpec> mlp(String at, int hidden) {
    List<TensorSpec> all = new ArrayList<>();
    all.add(new TensorSpec(at + "gate.weight", count, hidden));
    all.add(new TensorSpec(at + "shared_expert_gate.weight", 1, hidden));
    expert(all, at + "shared_expert.", sharedSize, hidden);
    for (int expert = 0; expert < count; expert++) {
      expert(all, at + "experts." + expert + ".", intermediateSize, hidden);
    }
    return all;
  }

  private static void expert(List<TensorSpec> all, String at, int size, int hidden) {
    all.add(new TensorSpec(at + "gate_proj.weight", size, hidden));
    all.add(new TensorSpec(at + "up_proj.weight", size, hidden));
    all.add(new TensorSpec(at + "down_proj.weight", hidden, size));
  }
}
