package io.membrane.benchmarks.eviction;

/**
 * ARC (N. Megiddo and D. Modha, "ARC: a self-tuning, low overhead replacement cache", 2003), by
 * bytes.
 */
final class ArcCache implements BlockCache {

  private final Load load;
  private final long capacity;
  private final BlockList once;
  private final BlockList often;
  private final BlockList onceGhosts;
  private final BlockList oftenGhosts;
  private double target;

  ArcCache(Load load, long capacity) {
    this.load = load;
    this.capacity = capacity;
    this.once = new BlockList(load);
    this.often = new BlockList(load);
    this.onceGhosts = new BlockList(load);
    this.oftenGhosts = new BlockList(load);
  }

  @Override
  public boolean holds(int block) {
    return once.has(block) || often.has(block);
  }

  @Override
  public void hit(int block) {
    (once.has(block) ? once : often).remove(block);
    often.add(block);
  }

  @Override
  public void insert(int block) {
    boolean wasOnce = onceGhosts.has(block);
    boolean wasOften = oftenGhosts.has(block);
    double ratio = (double) oftenGhosts.bytes() / Math.max(1, onceGhosts.bytes());
    if (wasOnce) {
      target = Math.min((double) capacity, target + load.bytes(block) * Math.max(1, ratio));
      onceGhosts.remove(block);
    } else if (wasOften) {
      target = Math.max(0, target - load.bytes(block) * Math.max(1, 1 / Math.max(1e-9, ratio)));
      oftenGhosts.remove(block);
    }
    while (once.bytes() + often.bytes() + load.bytes(block) > capacity) {
      replace(wasOften);
    }
    (wasOnce || wasOften ? often : once).add(block);
    while (once.bytes() + onceGhosts.bytes() > capacity && !onceGhosts.isEmpty()) {
      onceGhosts.poll();
    }
    while (!oftenGhosts.isEmpty()
        && once.bytes() + often.bytes() + onceGhosts.bytes() + oftenGhosts.bytes() > 2 * capacity) {
      oftenGhosts.poll();
    }
  }

  private void replace(boolean wasOften) {
    boolean fromOnce =
        often.isEmpty()
            || (!once.isEmpty() && (once.bytes() > target || (wasOften && once.bytes() >= target)));
    if (fromOnce) {
      onceGhosts.add(once.poll());
    } else {
      oftenGhosts.add(often.poll());
    }
  }
}
