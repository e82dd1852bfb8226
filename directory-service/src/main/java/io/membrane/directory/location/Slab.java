package io.membrane.directory.location;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Longs by number, in pages that are made when they are first needed and never move. One thread
 * writes; any thread may read what it found the number of by an acquiring read.
 */
final class Slab {

  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

  private final long maxWords;
  private final int pageBits;
  private final int mask;
  private final long[][] pages;

  /**
   * A slab without pages.
   *
   * @param maxWords longs that it can hold at most; the last page is no longer than that
   * @param pageBits a page holds two to the power of so many longs
   */
  Slab(long maxWords, int pageBits) {
    this.maxWords = maxWords;
    this.pageBits = pageBits;
    this.mask = (1 << pageBits) - 1;
    this.pages = new long[Math.toIntExact(((maxWords - 1) >> pageBits) + 1)][];
  }

  /** Sees to it that there is a page for a word. */
  void reach(long word) {
    int page = (int) (word >> pageBits);
    if (pages[page] == null) {
      long left = maxWords - ((long) page << pageBits);
      pages[page] = new long[(int) Math.min(mask + 1, left)];
    }
  }

  /** The page of a word, for who reads more words of it. */
  long[] page(long word) {
    return pages[(int) (word >> pageBits)];
  }

  /** Where in its page a word is. */
  int offset(long word) {
    return (int) word & mask;
  }

  static long getOpaque(long[] page, int offset) {
    return (long) LONGS.getOpaque(page, offset);
  }

  static long getAcquire(long[] page, int offset) {
    return (long) LONGS.getAcquire(page, offset);
  }

  long get(long word) {
    return pages[(int) (word >> pageBits)][(int) word & mask];
  }

  void set(long word, long value) {
    pages[(int) (word >> pageBits)][(int) word & mask] = value;
  }

  long getOpaque(long word) {
    return (long) LONGS.getOpaque(pages[(int) (word >> pageBits)], (int) word & mask);
  }

  void setOpaque(long word, long value) {
    LONGS.setOpaque(pages[(int) (word >> pageBits)], (int) word & mask, value);
  }

  long getAcquire(long word) {
    return (long) LONGS.getAcquire(pages[(int) (word >> pageBits)], (int) word & mask);
  }

  void setRelease(long word, long value) {
    LONGS.setRelease(pages[(int) (word >> pageBits)], (int) word & mask, value);
  }
}
