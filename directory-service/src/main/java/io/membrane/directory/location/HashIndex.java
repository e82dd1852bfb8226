package io.membrane.directory.location;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.random.RandomGenerator;

/**
 * Finds the ids that a hash may have. An entry never moves and nothing is ever rehashed, so that
 * any thread may search while one writes.
 *
 * <p>A chunk is one cache line of sixteen ints: fifteen slots, each {@code id 26 | tag 6} or 0, and
 * the number of entries that wanted to lie here or before and lie further on. A full chunk spills
 * into the next; a search ends at the first chunk that nothing passed by. That is the scheme of
 * Folly's F14 (N. Bronson, X. Shi: Open-sourcing F14, 2019) with the entries left where they are.
 *
 * <p>An entry that stays is never missed: the counts on its way are raised before it is written and
 * lowered after it is gone.
 */
final class HashIndex {

  /** Largest id. */
  static final int MAX_ID = (1 << 26) - 1;

  private static final int TAG_BITS = 6;
  private static final int TAG_MASK = (1 << TAG_BITS) - 1;
  private static final int SLOTS = 15;
  private static final int INTS = 16;

  /** Mean entries of a chunk at most: load 0.7, at which 7 % of the chunks are full. */
  private static final double ENTRIES_PER_CHUNK = 10.5;

  /** An array's data begin 16 bytes into a region of the collector; this is the line after. */
  private static final int BASE = 12;

  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(int[].class);

  private final int[] ints;
  private final int chunks;
  private final long key0;
  private final long key1;
  private final long key2;
  private final long key3;

  /**
   * An empty index.
   *
   * @param maxEntries most entries at a time, at most {@link #MAX_ID}
   * @param random makes the key of the chunk numbers, so that nobody can aim at one chunk
   */
  HashIndex(int maxEntries, RandomGenerator random) {
    this.chunks = (int) (maxEntries / ENTRIES_PER_CHUNK) + 1;
    this.ints = new int[BASE + INTS * chunks];
    this.key0 = random.nextLong();
    this.key1 = random.nextLong();
    this.key2 = random.nextLong();
    this.key3 = random.nextLong();
  }

  /** Where a hash belongs: chunk in the high bits, tag in the low ones. All its words count. */
  long home(long w0, long w1, long w2, long w3) {
    return fold(fold(w0 ^ key0, w1 ^ key1) ^ key2, fold(w2 ^ key2, w3 ^ key3) ^ key3);
  }

  /** High and low half of a product, as in wyhash (Wang Yi, 2019). */
  private static long fold(long a, long b) {
    return Math.unsignedMultiplyHigh(a, b) ^ a * b;
  }

  /** Reads the chunk's line; the value means nothing and only keeps the read alive. */
  int touch(long home) {
    return ints[first(chunk(home))];
  }

  /**
   * A way through the ids that may have a hash: start with {@code cursor} −1, go on with what is
   * returned, read the id there with {@link #idAt}.
   *
   * @return next place to read, or −1 at the end
   */
  int next(long home, int cursor) {
    int tag = (int) home & TAG_MASK;
    int from = cursor < 0 ? first(chunk(home)) : cursor + 1;
    int begin = BASE + ((from - BASE) & -INTS);
    for (int passed = 0; passed < chunks; passed++) {
      for (int i = from; i < begin + SLOTS; i++) {
        int slot = (int) SLOT.getOpaque(ints, i);
        if ((slot & TAG_MASK) == tag && slot != 0) {
          return i;
        }
      }
      if ((int) SLOT.getAcquire(ints, begin + SLOTS) == 0) {
        return -1;
      }
      begin = begin + INTS == ints.length ? BASE : begin + INTS;
      from = begin;
    }
    return -1;
  }

  /** The id at a place that {@link #next} gave; 0 if it went meanwhile. Acquires its record. */
  int idAt(int place) {
    return (int) SLOT.getAcquire(ints, place) >>> TAG_BITS;
  }

  /** Enters an id that is not in yet; its record must be written before. Writer only. */
  void insert(long home, int id) {
    int begin = first(chunk(home));
    for (int passed = 0; passed < chunks; passed++) {
      for (int i = begin; i < begin + SLOTS; i++) {
        if (ints[i] == 0) {
          SLOT.setRelease(ints, i, id << TAG_BITS | ((int) home & TAG_MASK));
          return;
        }
      }
      SLOT.setRelease(ints, begin + SLOTS, ints[begin + SLOTS] + 1);
      begin = begin + INTS == ints.length ? BASE : begin + INTS;
    }
    throw new IllegalStateException("more entries than the index was made for");
  }

  /** Takes an id out that is in. Writer only. */
  void remove(long home, int id) {
    int entry = id << TAG_BITS | ((int) home & TAG_MASK);
    int start = first(chunk(home));
    int begin = start;
    for (int passed = 0; passed < chunks; passed++) {
      for (int i = begin; i < begin + SLOTS; i++) {
        if (ints[i] == entry) {
          SLOT.setRelease(ints, i, 0);
          lowerCounts(start, begin);
          return;
        }
      }
      begin = begin + INTS == ints.length ? BASE : begin + INTS;
    }
    throw new IllegalStateException("id " + id + " is not in the index");
  }

  private void lowerCounts(int start, int end) {
    for (int begin = start; begin != end; ) {
      SLOT.setRelease(ints, begin + SLOTS, ints[begin + SLOTS] - 1);
      begin = begin + INTS == ints.length ? BASE : begin + INTS;
    }
  }

  private int chunk(long home) {
    return (int) Math.unsignedMultiplyHigh(home, chunks);
  }

  private static int first(int chunk) {
    return BASE + INTS * chunk;
  }
}
