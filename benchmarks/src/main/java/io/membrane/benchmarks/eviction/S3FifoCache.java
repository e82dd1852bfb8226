package io.membrane.benchmarks.eviction;

/**
 * S3-FIFO (J. Yang, Y. Zhang, Z. Qiu, Y. Yue and R. Vinayak, "FIFO queues are all you need for
 * cache eviction", 2023): a small queue, a main queue with reinsertion, and a queue of ghosts.
 */
final class S3FifoCache implements BlockCache {

  private static final double SMALL = 0.1;
  private static final int MOST_USES = 3;

  private final Load load;
  private final long capacity;
  private final BlockList small;
  private final BlockList main;
  private final BlockList ghosts;
  private final int[] uses;

  S3FifoCache(Load load, long capacity) {
    this.load = load;
    this.capacity = capacity;
    this.small = new BlockList(load);
    this.main = new BlockList(load);
    this.ghosts = new BlockList(load);
    this.uses = new int[load.end()];
  }

  @Override
  public boolean holds(int block) {
    return small.has(block) || main.has(block);
  }

  @Override
  public void hit(int block) {
    uses[block] = Math.min(MOST_USES, uses[block] + 1);
  }

  @Override
  public void insert(int block) {
    while (small.bytes() + main.bytes() + load.bytes(block) > capacity) {
      if (main.isEmpty() || small.bytes() >= SMALL * capacity) {
        evictFromSmall();
      } else {
        evictFromMain();
      }
    }
    uses[block] = 0;
    if (ghosts.has(block)) {
      ghosts.remove(block);
      main.add(block);
    } else {
      small.add(block);
    }
  }

  private void evictFromSmall() {
    while (!small.isEmpty()) {
      int block = small.poll();
      if (uses[block] > 1) {
        uses[block] = 0;
        main.add(block);
      } else {
        ghosts.add(block);
        while (ghosts.bytes() > (1 - SMALL) * capacity) {
          ghosts.poll();
        }
        return;
      }
    }
  }

  private void evictFromMain() {
    while (uses[main.peek()] > 0) {
      uses[main.peek()]--;
      main.renew(main.peek());
    }
    main.poll();
  }
}
