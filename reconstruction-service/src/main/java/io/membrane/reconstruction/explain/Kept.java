package io.membrane.reconstruction.explain;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.TokenSpan;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Location;
import io.membrane.wire.ReconstructionClient.PlanResponse;
import io.membrane.wire.ReconstructionClient.Segment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a context; the blocks follow from it.
 *
 * @param matches what the directory named before the call
 * @param plan as it was made
 */
public record Kept(
    @Nullable String sessionId,
    long createdAtMs,
    Namespace namespace,
    List<Match> matches,
    @Nullable PlanResponse plan,
    ContextResponse response) {

  public Kept {
    matches = List.copyOf(matches);
  }

  Explanation explain() {
    List<Explanation.Block> blocks = new ArrayList<>();
    for (Segment segment : response.segments()) {
      for (BlockHash hash : segment.blockHashes()) {
        blocks.add(block(blocks.size(), hash, segment));
      }
    }
    return new Explanation(
        response.contextId(), sessionId, createdAtMs, namespace, blocks, plan, response);
  }

  private Explanation.Block block(int index, BlockHash hash, Segment segment) {
    int from = index * response.blockTokens();
    return new Explanation.Block(
        index,
        hash,
        new TokenSpan(from, from + response.blockTokens()),
        segment.source(),
        segment.fidelity(),
        matches.stream()
            .filter(m -> m.matchedBlocks() > index)
            .map(m -> new Location(m.cluster(), m.node(), m.tier()))
            .toList(),
        segment.why());
  }
}
