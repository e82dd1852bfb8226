package io.membrane.reconstruction.execute;

import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.wire.DirectoryClient.Match;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.util.List;

/**
 * What became of a prompt, and what the answer alone does not say.
 *
 * @param matches what the directory named before the call
 * @param staleBlocks blocks that the directory named and that could not be had
 * @param fragments the fragments of all full blocks that are covered, in order
 */
public record Outcome(
    ContextResponse response,
    Namespace namespace,
    List<Match> matches,
    int staleBlocks,
    List<FragmentKey> fragments) {

  public Outcome {
    matches = List.copyOf(matches);
    fragments = List.copyOf(fragments);
  }
}
