package io.membrane.benchmarks.eviction;

import io.membrane.benchmarks.eviction.GreedyDualCache.Value;
import io.membrane.benchmarks.eviction.Score.Order;
import java.util.List;

/**
 * A policy that is compared.
 *
 * @param label what it is called in tables
 * @param order the order in which a prompt's blocks reach it
 * @param drawn whether the plot shows it
 * @param maker makes a cache
 */
record Contestant(String label, Order order, boolean drawn, Maker maker) {

  static final List<Contestant> ALL =
      List.of(
          new Contestant("LRU, head touched first", Order.HEAD_FIRST, false, LruCache::new),
          new Contestant("LRU, tail touched first", Order.TAIL_FIRST, true, LruCache::new),
          new Contestant("LRU, leaves only", Order.HEAD_FIRST, false, LeafFirstCache::new),
          new Contestant("ARC", Order.TAIL_FIRST, true, ArcCache::new),
          new Contestant("S3-FIFO", Order.TAIL_FIRST, true, S3FifoCache::new),
          tinyLfu("W-TinyLFU, window 1 %", 0.01),
          tinyLfu("W-TinyLFU, window 50 %", 0.5),
          new Contestant(
              "W-TinyLFU, adaptive (Caffeine)", Order.TAIL_FIRST, true, CaffeineCache::new),
          greedyDual("LFU with dynamic aging", false, Value.FREQUENCY),
          greedyDual("GDSF", true, Value.DENSITY),
          greedyDual("GDSF, frequency remembered", true, Value.REMEMBERED_DENSITY),
          greedyDual("the same without cost", false, Value.REMEMBERED_PER_BYTE),
          greedyDual("GDSF behind TinyLFU", false, Value.ADMITTED_DENSITY),
          new Contestant("**Membrane**", Order.AS_SERVED, true, MembraneCache::new));

  /** Makes a cache of a capacity in bytes. */
  interface Maker {
    BlockCache make(Load load, long capacity);
  }

  private static Contestant tinyLfu(String label, double windowShare) {
    return new Contestant(
        label, Order.TAIL_FIRST, false, (load, c) -> new WTinyLfuCache(load, c, windowShare));
  }

  private static Contestant greedyDual(String label, boolean drawn, Value value) {
    return new Contestant(
        label, Order.TAIL_FIRST, drawn, (load, c) -> new GreedyDualCache(load, c, value));
  }

  /** What this policy saves; prompts from {@code from} on count. */
  Score play(Load load, long capacity, int from) {
    return Score.of(load, maker.make(load, capacity), order, from);
  }
}
