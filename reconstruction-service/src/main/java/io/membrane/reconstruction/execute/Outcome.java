package io.membrane.reconstruction.execute;

import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.reconstruction.plan.NotReused;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.PlanResponse;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What became of a prompt, and what the answer alone does not say.
 *
 * @param matches what the directory named before the call
 * @param staleBlocks blocks that the directory named and that could not be had
 * @param plan as it was made; null where shifted blocks were used
 * @param declinedBlocks blocks that could be had and were computed, since that is faster
 * @param flight how it stood to others that wanted the same
 * @param waitedMs how long it waited for them
 * @param notReused tokens that were not reused, by why
 * @param savedMs what computing the reused tokens would have taken, less what fetching them took; 0
 *     if nothing is known to expect it from
 * @param fragments the fragments of all full blocks that are covered, in order
 * @param tail what lies behind them, if it was asked for
 */
public record Outcome(
    ContextResponse response,
    Namespace namespace,
    List<Match> matches,
    @Nullable PlanResponse plan,
    int staleBlocks,
    int declinedBlocks,
    Map<NotReused, Integer> notReused,
    double savedMs,
    Flight flight,
    double waitedMs,
    List<FragmentKey> fragments,
    @Nullable HeldTail tail) {

  public Outcome {
    matches = List.copyOf(matches);
    notReused = Map.copyOf(notReused);
    fragments = List.copyOf(fragments);
  }
}
