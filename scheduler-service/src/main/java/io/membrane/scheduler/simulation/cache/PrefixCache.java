package io.membrane.scheduler.simulation.cache;

import io.membrane.scheduler.simulation.traffic.Trace;
import java.util.Arrays;

/**
 * Token blocks of a trace in order of last use. A prompt hits the leading run of its blocks that
 * are here. It is put in from its last block to its first, so that a parent is always newer than
 * its children and leaves after them: what is left is a prefix, not a tail that nobody can reach.
 * An intrusive list over all blocks of the trace: no allocation, O(1) a block. Not thread-safe.
 */
public final class PrefixCache {

  private static final int ABSENT = -1;

  private final Trace trace;
  private final int capacity;
  private final int end;
  private final int[] newer;
  private final int[] older;
  private int size;

  /**
   * An empty cache.
   *
   * @param capacityBlocks most blocks that it holds, ≥ 0
   */
  public PrefixCache(Trace trace, long capacityBlocks) {
    this.trace = trace;
    this.end = trace.distinctBlocks();
    this.capacity = (int) Math.min(capacityBlocks, end);
    this.newer = new int[end + 1];
    this.older = new int[end + 1];
    Arrays.fill(newer, ABSENT);
    newer[end] = end;
    older[end] = end;
  }

  /** How many leading blocks of a prompt are here; changes nothing. */
  public int leadingBlocks(int request) {
    int n = trace.blocks(request);
    for (int i = 0; i < n; i++) {
      if (newer[trace.block(request, i)] == ABSENT) {
        return i;
      }
    }
    return n;
  }

  /** Puts a prompt's blocks in, or renews them; the least recently used leave. */
  public void put(int request) {
    if (capacity == 0) {
      return;
    }
    for (int i = trace.blocks(request) - 1; i >= 0; i--) {
      int block = trace.block(request, i);
      if (newer[block] != ABSENT) {
        unlink(block);
      } else if (size == capacity) {
        int last = newer[end];
        unlink(last);
        newer[last] = ABSENT;
      } else {
        size++;
      }
      older[block] = older[end];
      newer[block] = end;
      newer[older[block]] = block;
      older[end] = block;
    }
  }

  private void unlink(int block) {
    older[newer[block]] = older[block];
    newer[older[block]] = newer[block];
  }

  /** Blocks that are here. */
  public int size() {
    return size;
  }
}
