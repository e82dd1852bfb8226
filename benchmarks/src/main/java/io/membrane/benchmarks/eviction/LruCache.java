package io.membrane.benchmarks.eviction;

/** Least recently used. */
public final class LruCache implements BlockCache {

  private final Load load;
  private final long capacity;
  private final BlockList list;

  /**
   * @param capacity in the units of the load's blocks
   */
  public LruCache(Load load, long capacity) {
    this.load = load;
    this.capacity = capacity;
    this.list = new BlockList(load);
  }

  @Override
  public boolean holds(int block) {
    return list.has(block);
  }

  @Override
  public void hit(int block) {
    list.renew(block);
  }

  @Override
  public void insert(int block) {
    while (list.bytes() + load.bytes(block) > capacity) {
      list.poll();
    }
    list.add(block);
  }
}
