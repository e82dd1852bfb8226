package io.membrane.worker.publish;

import io.membrane.block.TokenSpan;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.Shifted;
import io.membrane.wire.Shifted.ShiftedBlock;
import java.util.List;
import java.util.Objects;

/**
 * The shifted blocks that a prompt is to reuse, checked.
 *
 * @param blocks ascending, without overlap, behind the prefix
 * @param share of the covered tokens that is recomputed, 0 to 1
 * @param measure whether the full prefill is computed as well
 * @param leastEqual share of an approximate block's tokens that have to be the prompt's, 0 to 1
 */
record Shifts(List<ShiftedBlock> blocks, double share, boolean measure, double leastEqual) {

  /**
   * Checks a request.
   *
   * @param prefixBlocks blocks of the prefix that the request names
   * @throws MembraneException {@link ErrorCode#IMPOSSIBLE_REQUEST} says what is wrong with it
   */
  static Shifts of(Shifted asked, Prompt prompt, int prefixBlocks, int positionLimit) {
    double share =
        Objects.requireNonNullElse(asked.recomputeShare(), Shifted.DEFAULT_RECOMPUTE_SHARE);
    requireShare("recompute_share", share);
    double leastEqual = Objects.requireNonNullElse(asked.leastEqual(), Shifted.DEFAULT_LEAST_EQUAL);
    requireShare("least_equal", leastEqual);
    int end = prefixBlocks * prompt.blockTokens();
    for (int i = 0; i < asked.blocks().size(); i++) {
      ShiftedBlock block = asked.blocks().get(i);
      String name = "shifted.blocks[" + i + "]";
      requireFitting(name, block, prompt, end);
      requireSource(name, block.sourceFrom(), prompt.blockTokens(), positionLimit);
      requireSimilarity(name, block);
      end = block.tokenSpan().to();
    }
    return new Shifts(asked.blocks(), share, Boolean.TRUE.equals(asked.measure()), leastEqual);
  }

  /** Share of a block's tokens that have to be the prompt's. */
  double leastEqual(ShiftedBlock block) {
    return block.mayDiffer() ? leastEqual : 1;
  }

  private static void requireShare(String field, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw impossible("shifted." + field + " is 0 to 1, not " + share);
    }
  }

  private static void requireSimilarity(String name, ShiftedBlock block) {
    Double similarity = block.similarity();
    if (similarity == null) {
      return;
    }
    if (!block.mayDiffer()) {
      throw impossible(
          name + ".similarity is of an approximate block: say approximate, or nothing");
    }
    if (!(Math.abs(similarity) <= 1)) {
      throw impossible(name + ".similarity is -1 to 1, not " + similarity);
    }
  }

  private static void requireFitting(String name, ShiftedBlock block, Prompt prompt, int end) {
    TokenSpan span = block.tokenSpan();
    if (span.length() != prompt.blockTokens()) {
      throw impossible(
          "%s.token_span %s is not as long as a block, %d tokens"
              .formatted(name, span, prompt.blockTokens()));
    }
    if (span.from() < end) {
      throw impossible(
          "%s.token_span %s begins before %d, where the prefix or the block before it ends"
              .formatted(name, span, end));
    }
    if (span.to() > prompt.tokens().length()) {
      throw impossible(
          "%s.token_span %s ends behind the prompt of %d tokens"
              .formatted(name, span, prompt.tokens().length()));
    }
  }

  private static void requireSource(String name, int from, int blockTokens, int positionLimit) {
    if (from % blockTokens != 0) {
      throw impossible(
          "%s.source_from is %d, blocks begin at multiples of %d"
              .formatted(name, from, blockTokens));
    }
    if (from > positionLimit - blockTokens) {
      throw impossible(
          "%s.source_from is %d: the model turns keys in one way up to position %d only"
              .formatted(name, from, positionLimit));
    }
  }

  private static MembraneException impossible(String detail) {
    return new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, detail);
  }
}
