package io.membrane.benchmarks.eviction;

import io.membrane.fragment.eviction.Candidate;
import io.membrane.fragment.eviction.EvictionPolicy;

/** The policy of the fragment store, the very class. */
public final class MembraneCache implements BlockCache {

  private static final int SEED = 1;

  private final Load load;
  private final EvictionPolicy<Integer> policy;

  /**
   * @param capacity in the units of the load's blocks
   */
  public MembraneCache(Load load, long capacity) {
    this.load = load;
    this.policy = new EvictionPolicy<>(capacity, Math.max(1, Math.round(load.meanBytes())), SEED);
  }

  @Override
  public boolean holds(int block) {
    return policy.contains(block);
  }

  @Override
  public void hit(int block) {
    policy.hit(block);
  }

  @Override
  public void insert(int block) {
    int parent = load.parent(block);
    policy.offer(
        new Candidate<>(
            block,
            load.bytes(block),
            load.cost(block),
            0,
            parent == Load.NO_PARENT ? null : parent),
        key -> false);
  }
}
