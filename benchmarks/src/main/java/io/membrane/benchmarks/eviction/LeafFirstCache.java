package io.membrane.benchmarks.eviction;

/**
 * Least recently used among the blocks without a child that is held, as radix caches do (L. Zheng
 * et al., "SGLang: efficient execution of structured language model programs", 2024).
 */
final class LeafFirstCache implements BlockCache {

  private final Load load;
  private final long capacity;
  private final BlockHeap leaves;
  private final int[] children;
  private final boolean[] held;
  private final long[] touched;
  private long used;
  private long clock;

  LeafFirstCache(Load load, long capacity) {
    this.load = load;
    this.capacity = capacity;
    this.leaves = new BlockHeap(load);
    this.children = new int[load.end()];
    this.held = new boolean[load.end()];
    this.touched = new long[load.end()];
  }

  @Override
  public boolean holds(int block) {
    return held[block];
  }

  @Override
  public void hit(int block) {
    touched[block] = ++clock;
    if (children[block] == 0) {
      leaves.place(block, (double) touched[block]);
    }
  }

  @Override
  public void insert(int block) {
    while (used + load.bytes(block) > capacity) {
      int victim = leaves.poll();
      held[victim] = false;
      used -= load.bytes(victim);
      int parent = load.parent(victim);
      if (parent != Load.NO_PARENT && --children[parent] == 0 && held[parent]) {
        leaves.place(parent, (double) touched[parent]);
      }
    }
    held[block] = true;
    used += load.bytes(block);
    int parent = load.parent(block);
    if (parent != Load.NO_PARENT && children[parent]++ == 0 && held[parent]) {
      leaves.remove(parent);
    }
    hit(block);
  }
}
