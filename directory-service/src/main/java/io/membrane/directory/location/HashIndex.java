package io.membrane.directory.location;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.random.RandomGenerator;

/**
 * Finds the ids that a hash may have. An entry never moves and nothing is ever rehashed, so that
 * any thread may search while one writes.
 *
 * <p>A chunk is one cache line of eight words and has twelve slots:
 *
 * <pre>
 * word 0     tags of slots 0 to 7, a byte each, 0 if the slot is empty
 * word 1     tags of slots 8 to 11 | passed 32
 * word 2..7  ids, two to a word
 * </pre>
 *
 * <p><i>Passed</i> counts the entries that wanted to lie here or before and lie further on. A full
 * chunk spills into the next; a search ends at the first chunk that nothing passed by. That is the
 * scheme of Folly's F14 (N. Bronson, X. Shi: Open-sourcing F14, 2019) with the entries left where
 * they are, and its tags compared eight at a time without a branch: which slot it will be nobody
 * can foresee.
 *
 * <p>An entry that stays is never missed: its tag is written after its id, the counts on its way
 * are raised before that and lowered after it is gone.
 */
final class HashIndex {

  /** Largest id. */
  static final int MAX_ID = (1 << 26) - 1;

  private static final int WORDS = 8;
  private static final int SHIFT = 3;
  private static final int PLACE_BITS = 6;
  private static final int BIT_MASK = (1 << PLACE_BITS) - 1;

  /** Mean entries of a chunk at most: load 2/3, at which 6 % of the chunks are full. */
  private static final double ENTRIES_PER_CHUNK = 8;

  /** An array's data begin 16 bytes into a region of the collector; this is the line after. */
  private static final int BASE = 6;

  private static final long LOW_BITS = 0x0101010101010101L;
  private static final long HIGH_BITS = LOW_BITS << 7;
  private static final long ONE_PASSED = 1L << 32;
  private static final long TAGS_OF_WORD_1 = ONE_PASSED - 1;

  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

  private final long[] words;
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
    this.words = new long[BASE + WORDS * chunks];
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
  long touch(long home) {
    return words[first(chunk(home))];
  }

  /** The places in its own chunk that may have a hash, a bit each: see {@link #place}. */
  long own(long home) {
    return tagged(first(chunk(home)), tag(home));
  }

  /** The place of the lowest of such bits. */
  int place(long home, long own) {
    return chunk(home) << PLACE_BITS | Long.numberOfTrailingZeros(own);
  }

  /**
   * A way through the places that may have a hash: start with {@code place} −1, go on with what is
   * returned, read the id there with {@link #idAt}.
   *
   * @return next place, or −1 at the end
   */
  int next(long home, int place) {
    int tag = tag(home);
    int chunk = place < 0 ? chunk(home) : place >>> PLACE_BITS;
    long rest = place < 0 ? -1L : -2L << place;
    for (int passed = 0; passed < chunks; passed++) {
      int begin = first(chunk);
      long found = tagged(begin, tag) & rest;
      if (found != 0) {
        return chunk << PLACE_BITS | Long.numberOfTrailingZeros(found);
      }
      if ((long) WORD.getAcquire(words, begin + 1) >>> 32 == 0) {
        return -1;
      }
      chunk = after(chunk);
      rest = -1L;
    }
    return -1;
  }

  /** The id at a place; 0 if there is none, or no more. Acquires its record. */
  int idAt(int place) {
    int slot = slot(place);
    long ids = (long) WORD.getAcquire(words, idWord(first(place >>> PLACE_BITS), slot));
    return (int) (ids >>> idShift(slot));
  }

  /** Enters an id that is not in yet; its record must be written before. Writer only. */
  void insert(long home, int id) {
    int chunk = chunk(home);
    for (int passed = 0; passed < chunks; passed++) {
      int begin = first(chunk);
      long empty = tagged(begin, 0);
      if (empty != 0) {
        int slot = slot(Long.numberOfTrailingZeros(empty));
        setId(begin, slot, id);
        setTag(begin, slot, tag(home));
        return;
      }
      addPassed(begin, ONE_PASSED);
      chunk = after(chunk);
    }
    throw new IllegalStateException("more entries than the index was made for");
  }

  /** Takes an id out that is in. Writer only. */
  void remove(long home, int id) {
    for (int at = next(home, -1); at >= 0; at = next(home, at)) {
      if (idAt(at) == id) {
        int chunk = at >>> PLACE_BITS;
        setTag(first(chunk), slot(at), 0);
        setId(first(chunk), slot(at), 0);
        for (int on = chunk(home); on != chunk; on = after(on)) {
          addPassed(first(on), -ONE_PASSED);
        }
        return;
      }
    }
    throw new IllegalStateException("id " + id + " is not in the index");
  }

  /**
   * Slots of a tag: bits 0, 8 to 56 for the first eight, 1, 9 to 25 for the others. The lowest bit
   * of each kind is right; a higher one may be another slot's whose tag differs in one bit.
   */
  private long tagged(int begin, int tag) {
    long wanted = LOW_BITS * tag;
    long first = zeros((long) WORD.getAcquire(words, begin) ^ wanted);
    long second = zeros((long) WORD.getAcquire(words, begin + 1) ^ wanted) & TAGS_OF_WORD_1;
    return first >>> 7 | second >>> 6;
  }

  /** The high bit of each byte that is 0, and perhaps of a 1 above it (Hacker's Delight, 6-1). */
  private static long zeros(long bytes) {
    return (bytes - LOW_BITS) & ~bytes & HIGH_BITS;
  }

  private static int slot(int place) {
    return ((place & 1) << 3) | ((place & BIT_MASK) >>> 3);
  }

  private static int idWord(int begin, int slot) {
    return begin + 2 + (slot >>> 1);
  }

  private static int idShift(int slot) {
    return (slot & 1) << 5;
  }

  private void setId(int begin, int slot, int id) {
    int at = idWord(begin, slot);
    long others = words[at] & ~(0xFFFFFFFFL << idShift(slot));
    WORD.setRelease(words, at, others | ((long) id << idShift(slot)));
  }

  private void setTag(int begin, int slot, int tag) {
    int at = begin + (slot >>> 3);
    int shift = (slot & 7) << 3;
    WORD.setRelease(words, at, (words[at] & ~(0xFFL << shift)) | ((long) tag << shift));
  }

  private void addPassed(int begin, long passed) {
    WORD.setRelease(words, begin + 1, words[begin + 1] + passed);
  }

  /** Never 0: an empty slot is nobody's. */
  private static int tag(long home) {
    return Math.max(1, (int) home & 0xFF);
  }

  private int chunk(long home) {
    return (int) Math.unsignedMultiplyHigh(home, chunks);
  }

  private int after(int chunk) {
    return chunk + 1 == chunks ? 0 : chunk + 1;
  }

  private static int first(int chunk) {
    return BASE + (chunk << SHIFT);
  }
}
