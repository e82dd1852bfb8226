package io.membrane.worker.checkpoint;

import java.util.Set;

/**
 * What the decoder's tensors are called in a checkpoint. Beside other parts they have another
 * beginning, which changed over time.
 *
 * @param decoder what stands for {@code model.}
 * @param head what stands for {@code lm_head.}
 */
record TensorNames(String decoder, String head) {

  private static final String EMBEDDING = "embed_tokens.weight";

  /** Those of a decoder alone. */
  static final TensorNames ALONE = new TensorNames("model.", "lm_head.");

  private static final TensorNames AS_LLAVA =
      new TensorNames("language_model.model.", "language_model.lm_head.");
  private static final TensorNames AS_PART = new TensorNames("model.language_model.", "lm_head.");

  /** The names that a checkpoint with other parts uses. */
  static TensorNames among(Set<String> tensors) {
    if (tensors.contains(AS_PART.decoder() + EMBEDDING)) {
      return AS_PART;
    }
    return tensors.contains(AS_LLAVA.decoder() + EMBEDDING) ? AS_LLAVA : ALONE;
  }

  /** The name of a tensor that a decoder alone calls {@code name}. */
  String of(String name) {
    return name.startsWith(ALONE.decoder())
        ? decoder + name.substring(ALONE.decoder().length())
        : head + name.substring(ALONE.head().length());
  }
}
