package io.membrane.worker.publish;

import io.membrane.block.Namespace;
import io.membrane.block.Signature;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.worker.prefill.KvLayout;
import io.membrane.worker.prefill.PrefillModel;
import io.membrane.worker.prefill.PromptTokenizer;
import io.membrane.worker.prefill.StateLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The model of this worker under its name on the wire.
 *
 * @param namespace what its blocks are named with; {@code namespace.model()} is the model's id
 * @param maxTokens longest prompt that this worker takes
 */
public record ServedModel(
    Namespace namespace, PrefillModel model, PromptTokenizer tokenizer, int maxTokens) {

  /** Shape of the payload of one of this model's slices at {@code span}. */
  Signature signature(Slice slice, TokenSpan span) {
    StateLayout state = model.stateLayout();
    return slice.kind() == Slice.Kind.STATE && state != null
        ? new Signature(
            namespace,
            Signature.STATE_LAYOUT,
            state.layers(),
            state.valueHeads(),
            state.valueDim(),
            span,
            model.rope().encoding(),
            model.rope().base())
        : signature(span);
  }

  /** Shape of a block's KV at {@code span}. */
  public Signature signature(TokenSpan span) {
    KvLayout layout = model.layout();
    return new Signature(
        namespace,
        Signature.LAYOUT,
        layout.layers(),
        layout.kvHeads(),
        layout.headDim(),
        span,
        model.rope().encoding(),
        model.rope().base());
  }

  /** Bytes of a full block's payload in one of this model's slices. */
  long bytes(Slice slice) {
    StateLayout state = model.stateLayout();
    return slice.kind() == Slice.Kind.STATE && state != null
        ? state.bytes()
        : model.layout().bytes(namespace.blockTokens());
  }

  /** What a reader of a hybrid model's blocks needs; null for every other model. */
  public @Nullable List<Slice> needs() {
    StateLayout state = model.stateLayout();
    return state == null ? null : List.of(model.layout().slice(), state.slice());
  }

  /**
   * Checks a caller's name for the model.
   *
   * @throws MembraneException {@link ErrorCode#NOT_FOUND} for any but this one's; null passes
   */
  public void requireNamed(@Nullable String name) {
    if (name != null && !name.equals(namespace.model())) {
      throw new MembraneException(
          ErrorCode.NOT_FOUND,
          "model '%s' is not served here, only '%s'".formatted(name, namespace.model()));
    }
  }

  /**
   * Checks that a prompt can be computed.
   *
   * @throws MembraneException {@link ErrorCode#IMPOSSIBLE_REQUEST} if it cannot
   */
  void requireComputable(Tokens tokens) {
    int length = tokens.length();
    if (length == 0) {
      throw impossible("a prompt has at least one token");
    }
    if (length > maxTokens) {
      throw impossible(
          "the prompt has %d tokens, this worker takes %d (membrane.worker.max-tokens)"
              .formatted(length, maxTokens));
    }
    if (length > model.positionLimit()) {
      throw impossible(
          "the prompt has %d tokens, the model takes %d: %s"
              .formatted(length, model.positionLimit(), model.rope().scaling().limitReason()));
    }
    for (int i = 0; i < length; i++) {
      if (tokens.get(i) >= model.vocabSize()) {
        throw impossible(
            "token %d is %d, the model's vocabulary has %d: tokenize with /v1/tokenize"
                .formatted(i, tokens.get(i), model.vocabSize()));
      }
      if (model.isPlaceholder(tokens.get(i))) {
        throw impossible(
            "token %d is %d, which stands for an image or a video: this worker computes text alone"
                .formatted(i, tokens.get(i)));
      }
    }
  }

  private static MembraneException impossible(String detail) {
    return new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, detail);
  }
}
