package io.membrane.directory.location;

/**
 * Lists of locations, for blocks with more than one. A list does not change until it is freed; a
 * reader that holds a freed one finds longs that mean nothing, and notices by its record's stamp.
 *
 * <p>Lists lie in cells of 2, 4, 8 … {@value #MAX_LENGTH} longs, cut from extents of that largest
 * size; a free cell's first long leads to the next free cell of its size.
 */
final class LocationLists {

  /** Longest list. */
  static final int MAX_LENGTH = 1024;

  /** 256 KiB: little enough for no collector to give an array regions of its own. */
  private static final int PAGE_BITS = 15;

  private static final int SIZES = 10;
  private static final long NONE = -1;

  private final Slab slab;
  private final long[] free = new long[SIZES];
  private long used;

  /**
   * No lists yet.
   *
   * @param maxLocations most locations in lists at a time
   */
  LocationLists(long maxLocations) {
    // A cell is at most twice its list, and cells of one size do not serve for another.
    this.slab = new Slab(SIZES * (2 * maxLocations + 2 * MAX_LENGTH), PAGE_BITS);
    for (int size = 0; size < SIZES; size++) {
      free[size] = NONE;
    }
  }

  /** Any thread, for a list that a record named. */
  long get(long offset, int index) {
    return slab.getOpaque(offset + index);
  }

  /** A new list of the first {@code length} words; 2 to {@value #MAX_LENGTH}. Writer only. */
  long add(long[] words, int length) {
    int size = size(length);
    if (free[size] == NONE) {
      cutExtent(size);
    }
    long offset = free[size];
    free[size] = slab.get(offset);
    for (int i = 0; i < length; i++) {
      slab.setOpaque(offset + i, words[i]);
    }
    return offset;
  }

  /** Frees a list that no record names any more. Writer only. */
  void free(long offset, int length) {
    int size = size(length);
    slab.setOpaque(offset, free[size]);
    free[size] = offset;
  }

  private void cutExtent(int size) {
    slab.reach(used);
    int cell = 2 << size;
    for (long offset = used + MAX_LENGTH - cell; offset >= used; offset -= cell) {
      slab.set(offset, free[size]);
      free[size] = offset;
    }
    used += MAX_LENGTH;
  }

  private static int size(int length) {
    return 31 - Integer.numberOfLeadingZeros(length - 1);
  }
}
