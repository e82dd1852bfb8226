package io.membrane.reconstruction.explain;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.TokenSpan;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Fidelity;
import io.membrane.wire.ReconstructionClient.Location;
import io.membrane.wire.ReconstructionClient.PlanResponse;
import io.membrane.wire.ReconstructionClient.Source;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why each block of a context was or was not reused.
 *
 * @param sessionId as the request named it
 * @param createdAtMs Unix time of the answer
 * @param blocks one for each full block, in order; a tail without a block hash is in the segments
 * @param plan what was to be done, what it was expected to take, and what else would have taken
 * @param response the answer as it was given
 */
public record Explanation(
    String contextId,
    @Nullable String sessionId,
    long createdAtMs,
    Namespace namespace,
    List<Block> blocks,
    @Nullable PlanResponse plan,
    ContextResponse response) {

  public Explanation {
    blocks = List.copyOf(blocks);
  }

  /**
   * What became of one block.
   *
   * @param fidelity null unless it was reused
   * @param locations places at which the directory named the block before the call
   * @param why the reason, in words
   */
  public record Block(
      int index,
      BlockHash blockHash,
      TokenSpan tokenSpan,
      Source source,
      @Nullable Fidelity fidelity,
      List<Location> locations,
      String why) {}
}
