package io.membrane.benchmarks.eviction;

/**
 * W-TinyLFU with a window of fixed share before a segmented LRU (Einziger, Friedman and Manes,
 * 2017): what leaves the window goes on if it was seen more often than what it would drive out.
 */
final class WTinyLfuCache implements BlockCache {

  private static final double PROTECTED = 0.8;

  private final Load load;
  private final long capacity;
  private final long windowCapacity;
  private final BlockList window;
  private final BlockList probation;
  private final BlockList protectedOnes;
  private final Frequencies frequencies;

  WTinyLfuCache(Load load, long capacity, double windowShare) {
    this.load = load;
    this.capacity = capacity;
    this.windowCapacity = Math.max(1, (long) (capacity * windowShare));
    this.window = new BlockList(load);
    this.probation = new BlockList(load);
    this.protectedOnes = new BlockList(load);
    this.frequencies = new Frequencies(load, (long) (10 * capacity / load.meanBytes()));
  }

  @Override
  public boolean holds(int block) {
    return window.has(block) || probation.has(block) || protectedOnes.has(block);
  }

  @Override
  public void hit(int block) {
    frequencies.see(block);
    if (window.has(block)) {
      window.renew(block);
    } else if (protectedOnes.has(block)) {
      protectedOnes.renew(block);
    } else {
      probation.remove(block);
      protectedOnes.add(block);
      while (protectedOnes.bytes() > PROTECTED * (capacity - windowCapacity)) {
        probation.add(protectedOnes.poll());
      }
    }
  }

  @Override
  public void insert(int block) {
    frequencies.see(block);
    window.add(block);
    while (window.bytes() > windowCapacity) {
      admit(window.poll());
    }
  }

  private void admit(int candidate) {
    while (window.bytes() + probation.bytes() + protectedOnes.bytes() + load.bytes(candidate)
        > capacity) {
      BlockList from = probation.isEmpty() ? protectedOnes : probation;
      if (from.isEmpty() || frequencies.of(candidate) <= frequencies.of(from.peek())) {
        return;
      }
      from.poll();
    }
    probation.add(candidate);
  }
}
