package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import java.lang.invoke.VarHandle;

/**
 * Records of blocks by id, a cache line each.
 *
 * <pre>
 * word 0..3  the hash, as in {@link io.membrane.block.BlockHash}
 * word 4     the locations, as {@link Location} draws it
 * word 5     stamp 32 | namespace 16 | age 13 | uses 3
 * word 6     parent 26 | first child 26 | block index, high 12
 * word 7     next sibling 26 | previous sibling 26 | block index, low 8 | unused 4
 * </pre>
 *
 * <p>Ids begin at 1, and 0 means none. One thread writes, any number read and never lock:
 *
 * <ol>
 *   <li>A new block's words are written before word 4, word 4 before the id enters the index.
 *   <li>A change of the locations writes word 4, then a new stamp, then a fence; only after it the
 *       old list is freed. So whoever read a list that was used again finds another stamp.
 *   <li>A block that goes leaves the index first; word 4 is cleared, the stamp raised, a fence. A
 *       record that is used again gets its hash before word 4.
 *   <li>A reader takes the stamp, word 4, the hash, the list and its places, a fence, and the stamp
 *       again. Equal stamps and the hash wanted: all that it read belongs together. Another hash:
 *       the record is another block's. Another stamp: it reads again, which happens only when the
 *       writer has finished something meanwhile.
 * </ol>
 *
 * <p>A wrong reading would need 2^32 changes of one record during one read.
 */
final class Records {

  static final int WORDS = 8;
  static final int MAX_BLOCK_INDEX = (1 << 20) - 1;
  static final int NAMESPACES = 1 << 16;

  private static final int SHIFT = 3;

  /** 64 MiB: an array ends within a region of the collector, and the rest of that is lost. */
  private static final int PAGE_BITS = 23;

  private static final long ONE_STAMP = 1L << 32;
  private static final int ID_MASK = HashIndex.MAX_ID;
  private static final int AGE_MASK = 0x1FFF;
  private static final int MAX_USES = 7;

  private final Slab slab;
  private final LocationLists lists;
  private final Places places;

  Records(int maxBlocks, LocationLists lists, Places places) {
    this.slab = new Slab(((long) maxBlocks + 1) << SHIFT, PAGE_BITS);
    this.lists = lists;
    this.places = places;
  }

  /** Reads the line; the value means nothing and only keeps the read alive. Any thread. */
  long touch(int id) {
    return slab.get(at(id) + 5);
  }

  /** Whether a record is of the hash at {@code key[from]}. */
  boolean isOf(int id, long[] key, int from) {
    return isOf(slab.page(at(id)), slab.offset(at(id)), key, from);
  }

  /**
   * Whether this is the record of a block whose one location is {@code location}, at {@code place}.
   * Any thread, for an id that was given once.
   */
  boolean liesAt(int id, BlockHash hash, long location, Place place) {
    long[] page = slab.page(at(id));
    int at = slab.offset(at(id));
    long before = Slab.getAcquire(page, at + 5);
    return Slab.getAcquire(page, at + 4) == location
        && Slab.getOpaque(page, at) == hash.w0()
        && Slab.getOpaque(page, at + 1) == hash.w1()
        && Slab.getOpaque(page, at + 2) == hash.w2()
        && Slab.getOpaque(page, at + 3) == hash.w3()
        && places.get(Location.place(location)) == place
        && isUnchanged(page, at, before);
  }

  private static boolean isOf(long[] page, int at, long[] key, int from) {
    return Slab.getOpaque(page, at) == key[from]
        && Slab.getOpaque(page, at + 1) == key[from + 1]
        && Slab.getOpaque(page, at + 2) == key[from + 2]
        && Slab.getOpaque(page, at + 3) == key[from + 3];
  }

  /** Reads the block at {@code key[from]}, if that is whose record this is. Any thread. */
  boolean read(int id, long[] key, int from, Seen into) {
    long[] page = slab.page(at(id));
    int at = slab.offset(at(id));
    while (true) {
      long before = Slab.getAcquire(page, at + 5);
      long word = Slab.getAcquire(page, at + 4);
      if (Location.kind(word) == Location.FREE || !isOf(page, at, key, from)) {
        return false;
      }
      into.record[5] = before;
      into.record[4] = word;
      readLocations(word, into);
      if (isUnchanged(page, at, before)) {
        return true;
      }
    }
  }

  /** Reads all of a record, the parent's hash too; false if it is no block's. Any thread. */
  boolean readAll(int id, Seen into) {
    long at = at(id);
    while (true) {
      long before = slab.getAcquire(at + 5);
      long word = slab.getAcquire(at + 4);
      if (Location.kind(word) == Location.FREE) {
        return false;
      }
      for (int i = 0; i < WORDS; i++) {
        into.record[i] = slab.getOpaque(at + i);
      }
      into.record[4] = word;
      into.record[5] = before;
      int parent = parent(into.record);
      into.hasParent = parent != 0;
      for (int i = 0; parent != 0 && i < 4; i++) {
        into.parent[i] = slab.getOpaque(at(parent) + i);
      }
      readLocations(word, into);
      if (isUnchanged(slab.page(at), slab.offset(at), before)) {
        return true;
      }
    }
  }

  private void readLocations(long word, Seen into) {
    switch (Location.kind(word)) {
      case Location.ONE -> {
        into.begin(1);
        into.locations[0] = word;
        into.places[0] = places.get(Location.place(word));
      }
      case Location.LIST -> {
        int length = Location.length(word);
        long offset = Location.offset(word);
        into.begin(length);
        for (int i = 0; i < length; i++) {
          long location = lists.get(offset, i);
          into.locations[i] = location;
          into.places[i] = places.tryGet(Location.place(location));
        }
      }
      default -> {
        into.begin(0);
        int place = Location.place(word);
        into.lastPlace = place == Places.NONE ? null : places.get(place);
      }
    }
  }

  private static boolean isUnchanged(long[] page, int at, long before) {
    VarHandle.acquireFence();
    return Slab.getOpaque(page, at + 5) >>> 32 == before >>> 32;
  }

  /** Makes a free record a block's without locations; it is not in the index yet. */
  void begin(int id, long[] key, int from, int namespace, int blockIndex, long gone) {
    long at = at(id);
    slab.reach(at + WORDS - 1);
    for (int i = 0; i < 4; i++) {
      slab.setOpaque(at + i, key[from + i]);
    }
    long stamp = slab.get(at + 5) & -ONE_STAMP;
    slab.setOpaque(at + 5, stamp + ONE_STAMP | (long) namespace << 16);
    slab.setOpaque(at + 6, blockIndex >>> 8);
    slab.setOpaque(at + 7, (blockIndex & 0xFFL) << 4);
    slab.setRelease(at + 4, gone);
  }

  /** Makes a record nobody's, after it left the index. */
  void end(int id) {
    setLocations(id, 0);
  }

  long locations(int id) {
    return slab.get(at(id) + 4);
  }

  /** Replaces word 4; when this returns, what the old word named may be used again. */
  void setLocations(int id, long word) {
    slab.setRelease(at(id) + 4, word);
    raiseStamp(id);
  }

  private void raiseStamp(int id) {
    long at = at(id) + 5;
    slab.setRelease(at, slab.get(at) + ONE_STAMP);
    VarHandle.storeStoreFence();
  }

  void copyKey(int id, long[] into, int from) {
    for (int i = 0; i < 4; i++) {
      into[from + i] = slab.get(at(id) + i);
    }
  }

  int namespace(int id) {
    return namespace(slab.get(at(id) + 5));
  }

  static int namespace(long word5) {
    return (int) (word5 >>> 16) & (NAMESPACES - 1);
  }

  int age(int id) {
    return age(slab.get(at(id) + 5));
  }

  static int age(long word5) {
    return (int) (word5 >>> 3) & AGE_MASK;
  }

  int uses(int id) {
    return uses(slab.get(at(id) + 5));
  }

  static int uses(long word5) {
    return (int) word5 & MAX_USES;
  }

  /** Sets the coarse time of the last use, of which 13 bits are kept, and how often, 7 at most. */
  void setUse(int id, int age, int uses) {
    long at = at(id) + 5;
    long rest = slab.get(at) & -(1L << 16);
    slab.setOpaque(at, rest | (age & AGE_MASK) << 3 | Math.min(uses, MAX_USES));
  }

  int blockIndex(int id) {
    return blockIndex(slab.get(at(id) + 6), slab.get(at(id) + 7));
  }

  static int blockIndex(long word6, long word7) {
    return (int) (word6 & 0xFFF) << 8 | ((int) (word7 >>> 4) & 0xFF);
  }

  /** Says anew what a block is; it must not be linked. */
  void describe(int id, int namespace, int blockIndex) {
    long at = at(id);
    long word5 = slab.get(at + 5);
    slab.setOpaque(at + 5, (word5 & ~(0xFFFFL << 16)) | (long) namespace << 16);
    slab.setOpaque(at + 6, blockIndex >>> 8);
    slab.setOpaque(at + 7, (blockIndex & 0xFFL) << 4);
    raiseStamp(id);
  }

  static int parent(long[] record) {
    return (int) (record[6] >>> 38);
  }

  int parent(int id) {
    return (int) (slab.getOpaque(at(id) + 6) >>> 38);
  }

  static int firstChild(long[] record) {
    return (int) (record[6] >>> 12) & ID_MASK;
  }

  static int next(long[] record) {
    return (int) (record[7] >>> 38);
  }

  int firstChild(int id) {
    return (int) (slab.getOpaque(at(id) + 6) >>> 12) & ID_MASK;
  }

  int next(int id) {
    return (int) (slab.getOpaque(at(id) + 7) >>> 38);
  }

  int previous(int id) {
    return (int) (slab.getOpaque(at(id) + 7) >>> 12) & ID_MASK;
  }

  void setParent(int id, int parent) {
    long word6 = slab.get(at(id) + 6);
    slab.setOpaque(at(id) + 6, (long) parent << 38 | (word6 & ((1L << 38) - 1)));
    raiseStamp(id);
  }

  void setFirstChild(int id, int child) {
    long word6 = slab.get(at(id) + 6);
    slab.setOpaque(at(id) + 6, (word6 & ~((long) ID_MASK << 12)) | (long) child << 12);
  }

  void setNext(int id, int next) {
    long word7 = slab.get(at(id) + 7);
    slab.setOpaque(at(id) + 7, (long) next << 38 | (word7 & ((1L << 38) - 1)));
  }

  void setPrevious(int id, int previous) {
    long word7 = slab.get(at(id) + 7);
    slab.setOpaque(at(id) + 7, (word7 & ~((long) ID_MASK << 12)) | (long) previous << 12);
  }

  private static long at(int id) {
    return (long) id << SHIFT;
  }
}
