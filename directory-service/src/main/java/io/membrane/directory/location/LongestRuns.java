package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.rpc.CallContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The longest usable prefix of a chain of blocks at every place, in one walk along the chain.
 *
 * <p>Attention KV is per block: a place goes on as long as it holds every attention slice that the
 * reader needs (any one, if the reader names no slices). A state snapshot serves only at exactly
 * its own length: with needed state slices the usable prefix ends at the last block of the run that
 * has them all. A reader that needs state alone is not held up by missing attention KV.
 */
final class LongestRuns {

  private static final int BLOCKS_BETWEEN_DEADLINE_CHECKS = 1024;

  private final Set<Slice> needs;
  private final int attentionNeeded;
  private final int stateNeeded;
  private final long nowMs;
  private final Map<Place, Run> runs = new HashMap<>();
  private List<Run> going = new ArrayList<>();

  LongestRuns(Set<Slice> needs, long nowMs) {
    this.needs = new HashSet<>(needs);
    this.stateNeeded = (int) needs.stream().filter(s -> s.kind() == Slice.Kind.STATE).count();
    this.attentionNeeded = needs.isEmpty() ? 1 : needs.size() - stateNeeded;
    this.nowMs = nowMs;
  }

  /** Blocks of the usable prefix by place; a place without one is absent. */
  Map<Place, Integer> of(List<BlockHash> chain, Function<BlockHash, @Nullable Block> blocks) {
    for (int i = 0; i < chain.size(); i++) {
      if (i % BLOCKS_BETWEEN_DEADLINE_CHECKS == 0) {
        CallContext.checkDeadline("the match");
      }
      Block block = blocks.apply(chain.get(i));
      if (block != null) {
        count(block, i == 0);
      } else if (attentionNeeded > 0) {
        break;
      }
      step(i + 1);
      if (going.isEmpty() && attentionNeeded > 0) {
        break;
      }
    }
    Map<Place, Integer> usable = new HashMap<>();
    runs.forEach((place, run) -> {
      if (run.usable > 0) {
        usable.put(place, run.usable);
      }
    });
    return usable;
  }

  private void count(Block block, boolean first) {
    for (Copy copy : block.copies()) {
      if (!copy.isThere(nowMs) || !isCounted(copy.slice())) {
        continue;
      }
      Run run = runs.get(copy.place());
      if (run == null) {
        if (!first && attentionNeeded > 0) {
          continue;
        }
        run = new Run();
        runs.put(copy.place(), run);
        going.add(run);
      }
      if (copy.slice().kind() == Slice.Kind.ATTN) {
        run.attention++;
      } else {
        run.state++;
      }
    }
  }

  private boolean isCounted(Slice slice) {
    return needs.isEmpty() ? slice.kind() == Slice.Kind.ATTN : needs.contains(slice);
  }

  /** Ends the runs that lack a slice of the block before {@code boundary}. */
  private void step(int boundary) {
    List<Run> next = new ArrayList<>(going.size());
    for (Run run : going) {
      if (run.attention >= attentionNeeded) {
        next.add(run);
        if (run.state >= stateNeeded) {
          run.usable = boundary;
        }
      }
      run.attention = 0;
      run.state = 0;
    }
    going = next;
  }

  /** Needed slices of the block at hand, and the usable prefix so far. */
  private static final class Run {
    private int attention;
    private int state;
    private int usable;
  }
}
