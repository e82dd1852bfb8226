package io.membrane.benchmarks.eviction;

/** A bounded cache of the blocks of one {@link Load} under some policy. */
public interface BlockCache {

  boolean holds(int block);

  /** A block that is held was used. */
  void hit(int block);

  /** A block that is not held was computed; the policy may decline it. */
  void insert(int block);
}
