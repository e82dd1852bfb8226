package io.membrane.benchmarks.eviction;

import java.util.Arrays;

/** Blocks in the order in which they were added: an intrusive list, O(1) for each call. */
final class BlockList {

  private static final int ABSENT = -1;

  private final Load load;
  private final int end;
  private final int[] next;
  private final int[] previous;
  private long bytes;

  BlockList(Load load) {
    this.load = load;
    this.end = load.end();
    this.next = new int[end + 1];
    this.previous = new int[end + 1];
    Arrays.fill(next, ABSENT);
    next[end] = end;
    previous[end] = end;
  }

  boolean has(int block) {
    return next[block] != ABSENT;
  }

  boolean isEmpty() {
    return next[end] == end;
  }

  long bytes() {
    return bytes;
  }

  /** Adds a block that is not here. */
  void add(int block) {
    previous[block] = previous[end];
    next[block] = end;
    next[previous[block]] = block;
    previous[end] = block;
    bytes += load.bytes(block);
  }

  void remove(int block) {
    next[previous[block]] = next[block];
    previous[next[block]] = previous[block];
    next[block] = ABSENT;
    bytes -= load.bytes(block);
  }

  /** Moves a block to the end. */
  void renew(int block) {
    remove(block);
    add(block);
  }

  /** Takes out the one that was added first; there must be one. */
  int poll() {
    int first = next[end];
    remove(first);
    return first;
  }

  /** The one that was added first; there must be one. */
  int peek() {
    return next[end];
  }
}
