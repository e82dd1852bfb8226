package io.membrane.scheduler.simulation.cache;

import io.membrane.scheduler.simulation.traffic.Trace;
import java.util.ArrayList;
import java.util.List;

/**
 * What the requests of a trace, one after the other, hit in caches of several sizes.
 *
 * @param requests of the trace
 * @param blockReferences blocks that all prompts name
 * @param distinctBlocks unlike ones among them
 * @param rows in the order of the capacities
 */
public record CacheReport(int requests, int blockReferences, int distinctBlocks, List<Row> rows) {

  /** A cache that nothing leaves. */
  public static final long UNBOUNDED = Long.MAX_VALUE;

  /** Capacities to look at where none are named. */
  public static final List<Long> CAPACITIES =
      List.of(UNBOUNDED, 100_000L, 50_000L, 10_000L, 1_000L);

  private static final int MAX_ROWS = 64;

  /**
   * One cache.
   *
   * @param capacityBlocks its size
   * @param hitBlocks blocks that were prefix hits
   * @param hitRatio share of all block references
   */
  public record Row(long capacityBlocks, long hitBlocks, double hitRatio) {}

  /** Copies the rows. */
  public CacheReport {
    rows = List.copyOf(rows);
  }

  /**
   * Runs a trace through caches.
   *
   * @param capacities in blocks, each ≥ 0
   */
  public static CacheReport of(Trace trace, List<Long> capacities) {
    if (capacities.size() > MAX_ROWS) {
      throw new IllegalArgumentException(
          "at most %d capacities, not %d".formatted(MAX_ROWS, capacities.size()));
    }
    List<Row> rows = new ArrayList<>();
    for (long capacity : capacities) {
      if (capacity < 0) {
        throw new IllegalArgumentException("a cache holds 0 or more blocks, not " + capacity);
      }
      PrefixCache cache = new PrefixCache(trace, capacity);
      long hits = 0;
      for (int i = 0; i < trace.requests(); i++) {
        hits += cache.leadingBlocks(i);
        cache.put(i);
      }
      rows.add(new Row(capacity, hits, hits / (double) Math.max(1, trace.blockReferences())));
    }
    return new CacheReport(trace.requests(), trace.blockReferences(), trace.distinctBlocks(), rows);
  }
}
