package io.membrane.fragment.offheap;

/**
 * Which units of a memory are free: a chained buddy allocator. Counts units only and touches no
 * memory. Not thread-safe.
 *
 * <p>A block of order <i>k</i> is 2<sup>k</sup> units and starts at a multiple of its length; its
 * buddy is the other half of the block of order <i>k</i>+1 around it. A block is split into buddies
 * when smaller ones are wanted, and joined to its buddy when both are free [1, 2]:
 *
 * <pre>
 *   order 3  |               0               |
 *   order 2  |       0       |       4       |     buddy of (start, k) = start XOR 2^k
 *   order 1  |   0   |   2   |   4   |   6   |
 *   order 0  | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |
 *
 *   free     | x | x | x | . | .   . | x | . |     one bit in order 0 for 3, in order 1 for 4,
 *                                                  in order 0 for 7; in no other
 *   claim 4  4-5, then 3, then 7: a chain, largest first
 * </pre>
 *
 * <p>A plain buddy allocator refuses that claim, and rounds every payload up to a power of two.
 * Here a payload is a chain. For what is still wanted, the smallest free block is taken that is no
 * smaller than the largest power of two in it, cut to the units wanted; if there is none, the
 * largest free block of all. So units are allocated if and only if as many are free, none is
 * wasted, and the chain is short while there are large blocks. Of equal blocks the lowest is taken,
 * which keeps the upper end of the memory in large blocks.
 *
 * <p>One bitmap per order, with summaries ({@link FreeBits}): two bits per unit in all. Taking or
 * freeing a block looks at no more than one bit in each order.
 *
 * <ol>
 *   <li>K. C. Knowlton, "A fast storage allocator", CACM 8(10), 1965
 *   <li>D. E. Knuth, The Art of Computer Programming, volume 1, section 2.5, algorithms R and S
 * </ol>
 */
final class BuddyAllocator {

  /** The order of the largest blocks: 4 MiB of units of 4 KiB. */
  static final int MAX_ORDER = 10;

  private final FreeBits[] freeBlocks = new FreeBits[MAX_ORDER + 1];
  private int freeUnits;

  BuddyAllocator(int units) {
    for (int order = 0; order <= MAX_ORDER; order++) {
      freeBlocks[order] = new FreeBits(units >>> order);
    }
    free(0, units);
  }

  int freeUnits() {
    return freeUnits;
  }

  /** Free blocks of one order. */
  boolean hasFree(int order) {
    return !freeBlocks[order].isEmpty();
  }

  /** Takes {@code units}, no more than are free, and appends them to {@code runs}. */
  void allocate(int units, Runs runs) {
    int wanted = units;
    while (wanted > 0) {
      int order = orderToTake(wanted);
      int start = freeBlocks[order].first();
      freeBlocks[order].remove(start);
      start <<= order;
      int taken = Math.min(wanted, 1 << order);
      runs.add(start, taken);
      freeUnits -= 1 << order;
      free(start + taken, (1 << order) - taken);
      wanted -= taken;
    }
  }

  private int orderToTake(int wanted) {
    int least = Math.min(MAX_ORDER, floorLog2(wanted));
    for (int order = least; order <= MAX_ORDER; order++) {
      if (hasFree(order)) {
        return order;
      }
    }
    for (int order = least - 1; order >= 0; order--) {
      if (hasFree(order)) {
        return order;
      }
    }
    throw new IllegalStateException(wanted + " units are wanted and none is free");
  }

  /** Frees any run of allocated units, as the largest blocks it is made of. */
  void free(int start, int length) {
    freeUnits += length;
    int at = start;
    int left = length;
    while (left > 0) {
      int aligned = at == 0 ? MAX_ORDER : Integer.numberOfTrailingZeros(at);
      int order = Math.min(Math.min(aligned, floorLog2(left)), MAX_ORDER);
      freeBlock(at, order);
      at += 1 << order;
      left -= 1 << order;
    }
  }

  private void freeBlock(int start, int order) {
    int joined = start;
    int k = order;
    while (k < MAX_ORDER && freeBlocks[k].contains((joined ^ (1 << k)) >>> k)) {
      freeBlocks[k].remove((joined ^ (1 << k)) >>> k);
      joined &= -(2 << k);
      k++;
    }
    freeBlocks[k].add(joined >>> k);
  }

  private static int floorLog2(int n) {
    return 31 - Integer.numberOfLeadingZeros(n);
  }
}
