package io.membrane.worker.publish;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.PrefillResponse.NextToken;
import io.membrane.worker.prefill.Prefill;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The part of a call that needs the engine.
 *
 * @param tokens tokens that went through the model
 * @param blocks which full blocks were computed, in order
 * @param embeddings those of {@code blocks}; empty if not asked for
 * @param next the greedy next token, if asked for
 * @param states of a hybrid model, the blocks behind which a snapshot was taken, in order
 * @param tail bytes of the tail, if asked for
 * @param nanos time in the engine, without waiting for it
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
record Computation(
    int tokens,
    List<Integer> blocks,
    List<float[]> embeddings,
    @Nullable NextToken next,
    List<Integer> states,
    byte @Nullable [] tail,
    long nanos) {

  /** What a prefill that is done has to give. To be called on the lane. */
  static Computation of(
      ServedModel served,
      Prompt prompt,
      Prefill prefill,
      boolean nextToken,
      boolean embeds,
      @Nullable Tail tail) {
    requireFinite(served, prefill.isFinite());
    NextToken next = nextToken ? greedy(served, prefill.logits()) : null;
    List<Integer> blocks = new ArrayList<>();
    List<float[]> embeddings = new ArrayList<>();
    for (int block = 0; block < prompt.chain().size(); block++) {
      if (prefill.isLoaded(block)) {
        continue;
      }
      blocks.add(block);
      if (embeds) {
        embeddings.add(prefill.embedding(block));
      }
    }
    return new Computation(
        prefill.computedTokens(),
        blocks,
        embeddings,
        next,
        prefill.snapshots().keySet().stream().map(blocksBefore -> blocksBefore - 1).toList(),
        tail == null ? null : tail.of(prefill),
        0);
  }

  /** The same with the time that it took. */
  Computation took(long engineNanos) {
    return new Computation(tokens, blocks, embeddings, next, states, tail, engineNanos);
  }

  static NextToken greedy(ServedModel served, float[] logits) {
    int best = 0;
    requireFinite(served, !Float.isNaN(logits[0]));
    for (int id = 1; id < logits.length; id++) {
      requireFinite(served, !Float.isNaN(logits[id]));
      if (logits[id] > logits[best]) {
        best = id;
      }
    }
    requireFinite(served, Float.isFinite(logits[best]));
    return new NextToken(best, served.tokenizer().decode(best), logits[best]);
  }

  /** The embedding, of finite numbers. */
  static float[] requireFinite(ServedModel served, float[] embedding) {
    for (float value : embedding) {
      requireFinite(served, Float.isFinite(value));
    }
    return embedding;
  }

  /** Numbers that overflowed are no KV and predict nothing. */
  static void requireFinite(ServedModel served, boolean finite) {
    if (!finite) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "the model gives values for this prompt that are not finite in %s: choose a wider"
                  .formatted(served.model().layout().type().word())
              + " membrane.worker.kv-dtype, or check the weights");
    }
  }
}
