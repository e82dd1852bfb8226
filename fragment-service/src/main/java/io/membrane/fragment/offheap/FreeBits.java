package io.membrane.fragment.offheap;

/**
 * A set of integers below a bound that finds its smallest member in a few steps. Not thread-safe.
 *
 * <p>A tree of 64-bit words: bit <i>i</i> of a level says whether word <i>i</i> of the level below
 * has any bit set. Four levels reach 16 million integers; the bits above the first level add a
 * sixty-third.
 */
final class FreeBits {

  private final int bound;
  private final long[][] levels;

  FreeBits(int bound) {
    this.bound = bound;
    int depth = 1;
    for (int words = words(bound); words > 1; words = words(words)) {
      depth++;
    }
    levels = new long[depth][];
    int bits = bound;
    for (int level = 0; level < depth; level++) {
      levels[level] = new long[words(bits)];
      bits = levels[level].length;
    }
  }

  private static int words(int bits) {
    return Math.max(1, (bits + 63) >>> 6);
  }

  /** Whether {@code i} is a member; nothing from the bound on ever is. */
  boolean contains(int i) {
    return i < bound && (levels[0][i >>> 6] & (1L << i)) != 0;
  }

  void add(int i) {
    int at = i;
    for (long[] level : levels) {
      long before = level[at >>> 6];
      level[at >>> 6] = before | (1L << at);
      if (before != 0) {
        return;
      }
      at >>>= 6;
    }
  }

  void remove(int i) {
    int at = i;
    for (long[] level : levels) {
      if ((level[at >>> 6] &= ~(1L << at)) != 0) {
        return;
      }
      at >>>= 6;
    }
  }

  boolean isEmpty() {
    return levels[levels.length - 1][0] == 0;
  }

  /** The smallest member of a set that is not empty. */
  int first() {
    int at = 0;
    for (int level = levels.length - 1; level >= 0; level--) {
      at = (at << 6) + Long.numberOfTrailingZeros(levels[level][at]);
    }
    return at;
  }
}
