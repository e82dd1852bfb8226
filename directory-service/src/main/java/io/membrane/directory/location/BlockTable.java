package io.membrane.directory.location;

import io.membrane.block.Namespace;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongPredicate;
import java.util.random.RandomGenerator;

/**
 * Blocks by hash: records, their index, their locations. One thread changes it; {@link #read},
 * {@link #readAll} and the counts are for any. A hash is four words of an array.
 */
final class BlockTable {

  final HashIndex index;
  final Records records;
  final Lineage lineage;
  final Places places = new Places();
  final Dictionary<Form> forms = new Dictionary<>("slices and lengths", Location.FORMS);
  final Dictionary<Namespace> namespaces = new Dictionary<>("namespaces", Records.NAMESPACES);

  private final int maxBlocks;
  private final int maxLocationsPerBlock;
  private final LocationLists lists;
  private final AtomicLong present = new AtomicLong();
  private final AtomicLong gone = new AtomicLong();
  private final AtomicLong highest = new AtomicLong();
  private final long[] key = new long[4];
  private final long[] kept = new long[LocationLists.MAX_LENGTH + 1];
  private final long[] dropped = new long[LocationLists.MAX_LENGTH + 1];
  private long locations;
  private int firstFree;
  private int lastFree;

  /** An empty table for so many blocks, and {@code maxLocations} locations and one block's more. */
  BlockTable(int maxBlocks, long maxLocations, RandomGenerator random) {
    this.maxBlocks = maxBlocks;
    this.maxLocationsPerBlock = (int) Math.min(LocationLists.MAX_LENGTH, maxLocations);
    this.lists = new LocationLists(maxLocations + LocationLists.MAX_LENGTH);
    this.index = new HashIndex(maxBlocks, random);
    this.records = new Records(maxBlocks, lists, places);
    this.lineage = new Lineage(records);
  }

  /**
   * Reads the block at {@code hash[from]}; its id, or 0.
   *
   * @param home where it belongs in the index
   * @param own what {@link HashIndex#own} said a moment ago
   */
  int read(long[] hash, int from, long home, long own, Seen into) {
    for (long places = own; places != 0; places &= places - 1) {
      int id = index.idAt(index.place(home, places));
      if (isRead(id, hash, from, into)) {
        return id;
      }
    }
    for (int at = index.next(home, -1); at >= 0; at = index.next(home, at)) {
      int id = index.idAt(at);
      if (isRead(id, hash, from, into)) {
        return id;
      }
    }
    return 0;
  }

  private boolean isRead(int id, long[] hash, int from, Seen into) {
    return id != 0 && records.read(id, hash, from, into);
  }

  /**
   * Reads the lines of all blocks that may have a hash; means nothing, as {@link Records#touch}.
   */
  long touch(long home, long own) {
    long read = 0;
    for (long places = own; places != 0; places &= places - 1) {
      read += records.touch(index.idAt(index.place(home, places)));
    }
    return read;
  }

  /** As {@link #read}, with the record's other words and the parent's hash; its id, or 0. */
  int readAll(long[] hash, int from, Seen into) {
    long home = home(hash, from);
    for (int at = index.next(home, -1); at >= 0; at = index.next(home, at)) {
      int id = index.idAt(at);
      if (id != 0
          && records.isOf(id, hash, from)
          && records.readAll(id, into)
          && into.isOf(hash, from)) {
        return id;
      }
    }
    return 0;
  }

  long home(long[] hash, int from) {
    return index.home(hash[from], hash[from + 1], hash[from + 2], hash[from + 3]);
  }

  /** The id of a block, or 0. Writer only. */
  int find(long[] hash, int from) {
    long home = home(hash, from);
    for (int at = index.next(home, -1); at >= 0; at = index.next(home, at)) {
      int id = index.idAt(at);
      if (id != 0 && records.isOf(id, hash, from)) {
        return id;
      }
    }
    return 0;
  }

  boolean isFull() {
    return firstFree == 0 && highest.getPlain() == maxBlocks;
  }

  /** Enters a block that is not in, without locations: one that was never stored. */
  int add(long[] hash, int from, int namespace, int blockIndex, int nowSeconds) {
    int id = firstFree;
    if (id == 0) {
      id = (int) highest.getPlain() + 1;
    } else {
      firstFree = records.next(id);
    }
    long never = Location.gone(Places.NONE, Gone.Why.NEVER_STORED, nowSeconds);
    records.begin(id, hash, from, namespace, blockIndex, never);
    highest.setRelease(Math.max(id, highest.getPlain()));
    index.insert(home(hash, from), id);
    gone.setRelease(gone.getPlain() + 1);
    return id;
  }

  /** Takes a block out with all that it has. */
  void remove(int id) {
    lineage.unlink(id);
    lineage.unlinkChildren(id);
    records.copyKey(id, key, 0);
    index.remove(home(key, 0), id);
    long word = records.locations(id);
    records.end(id);
    forget(word);
    AtomicLong count = Location.kind(word) == Location.GONE ? gone : present;
    count.setRelease(count.getPlain() - 1);
    records.setNext(id, 0);
    if (firstFree == 0) {
      firstFree = id;
    } else {
      records.setNext(lastFree, id);
    }
    lastFree = id;
  }

  private void forget(long word) {
    switch (Location.kind(word)) {
      case Location.ONE -> {
        locations--;
        places.unname(Location.place(word), true);
      }
      case Location.LIST -> {
        int length = Location.length(word);
        for (int i = 0; i < length; i++) {
          places.unname(Location.place(lists.get(Location.offset(word), i)), true);
        }
        locations -= length;
        lists.free(Location.offset(word), length);
      }
      default -> {
        if (Location.place(word) != Places.NONE) {
          places.unname(Location.place(word), false);
        }
      }
    }
  }

  /** Adds a location or puts it in the place of the one of the same place and slice. */
  void put(int id, long location, int nowSeconds) {
    int place = Location.place(location);
    long word = records.locations(id);
    if (Location.kind(word) == Location.ONE
        && Location.place(word) == place
        && Location.form(word) == Location.form(location)) {
      records.setLocations(id, location);
      return;
    }
    Form form = forms.get(Location.form(location));
    rewrite(
        id,
        l -> Location.place(l) == place && forms.get(Location.form(l)).slice().equals(form.slice()),
        location,
        nowSeconds);
  }

  /** Puts so many locations, at least one, into the place of what a block has. */
  void fill(int id, long[] words, int count) {
    int length = Math.min(count, maxLocationsPerBlock);
    System.arraycopy(words, count - length, kept, 0, length);
    for (int i = 0; i < length; i++) {
      places.name(Location.place(kept[i]), true);
    }
    locations += length;
    replace(id, length == 1 ? kept[0] : Location.list(length, lists.add(kept, length)));
  }

  /** Puts why a block is gone, and where it was last, into the place of what it has. */
  void fill(int id, long goneWord) {
    if (Location.place(goneWord) != Places.NONE) {
      places.name(Location.place(goneWord), false);
    }
    replace(id, goneWord);
  }

  private void replace(int id, long next) {
    long word = records.locations(id);
    records.setLocations(id, next);
    forget(word);
    count(Location.kind(word) == Location.GONE, Location.kind(next) == Location.GONE);
  }

  /** Takes those locations of a block away that are {@code gone}, and those that have ended. */
  void drop(int id, LongPredicate gone, int nowSeconds) {
    rewrite(id, gone, 0, nowSeconds);
  }

  /** Takes the locations away that have ended. */
  void dropEnded(int id, int nowSeconds) {
    long word = records.locations(id);
    int kind = Location.kind(word);
    if (kind == Location.LIST || (kind == Location.ONE && hasEnded(word, nowSeconds))) {
      rewrite(id, l -> false, 0, nowSeconds);
    }
  }

  private boolean hasEnded(long location, int nowSeconds) {
    return Location.isExpired(location, nowSeconds)
        || places.get(Location.place(location)).death() != null;
  }

  private void rewrite(int id, LongPredicate removed, long added, int nowSeconds) {
    long word = records.locations(id);
    boolean wasGone = Location.kind(word) == Location.GONE;
    if (wasGone && added == 0) {
      return;
    }
    int before = wasGone ? 0 : Location.kind(word) == Location.ONE ? 1 : Location.length(word);
    int keptCount = 0;
    int droppedCount = 0;
    boolean anyRemoved = false;
    for (int i = 0; i < before; i++) {
      long l = before == 1 ? word : lists.get(Location.offset(word), i);
      boolean isRemoved = removed.test(l);
      anyRemoved |= isRemoved;
      if (isRemoved || hasEnded(l, nowSeconds)) {
        dropped[droppedCount++] = l;
      } else {
        kept[keptCount++] = l;
      }
    }
    if (added == 0 && droppedCount == 0) {
      return;
    }
    if (added != 0) {
      if (keptCount == maxLocationsPerBlock) {
        dropped[droppedCount++] = kept[0];
        System.arraycopy(kept, 1, kept, 0, --keptCount);
      }
      kept[keptCount++] = added;
      places.name(Location.place(added), true);
    }
    long next;
    if (keptCount == 0) {
      long last = dropped[droppedCount - 1];
      places.name(Location.place(last), false);
      next = epitaph(last, anyRemoved, nowSeconds);
    } else if (keptCount == 1) {
      next = kept[0];
    } else {
      next = Location.list(keptCount, lists.add(kept, keptCount));
    }
    records.setLocations(id, next);
    if (wasGone && Location.place(word) != Places.NONE) {
      places.unname(Location.place(word), false);
    }
    for (int i = 0; i < droppedCount; i++) {
      places.unname(Location.place(dropped[i]), true);
    }
    if (before > 1) {
      lists.free(Location.offset(word), before);
    }
    locations += keptCount - before;
    count(wasGone, keptCount == 0);
  }

  private void count(boolean wasGone, boolean isGone) {
    if (wasGone != isGone) {
      int more = isGone ? 1 : -1;
      gone.setRelease(gone.getPlain() + more);
      present.setRelease(present.getPlain() - more);
    }
  }

  private long epitaph(long last, boolean isRemoved, int nowSeconds) {
    Gone gone = isRemoved ? null : Gone.ending(last, places.get(Location.place(last)), nowSeconds);
    return gone == null
        ? Location.gone(Location.place(last), Gone.Why.REMOVED, nowSeconds)
        : Location.gone(Location.place(last), gone.why(), Location.seconds(gone.atMs()));
  }

  boolean isGone(int id) {
    return Location.kind(records.locations(id)) == Location.GONE;
  }

  boolean isFree(int id) {
    return Location.kind(records.locations(id)) == Location.FREE;
  }

  /** Ids given so far are 1 to this. Any thread. */
  int highestId() {
    return (int) highest.getAcquire();
  }

  /** Blocks with a location, those that ended and were not met since included. */
  int present() {
    return (int) present.getAcquire();
  }

  /** Blocks without one. */
  int gone() {
    return (int) gone.getAcquire();
  }

  /** Locations in records, ended ones included. Writer only. */
  long locations() {
    return locations;
  }

  /** Lets a block that is gone forget where it was last, if nothing can lie there any more. */
  void forgetDeadPlace(int id) {
    long word = records.locations(id);
    if (Location.kind(word) == Location.GONE && Location.place(word) != Places.NONE) {
      if (places.get(Location.place(word)).death() != null) {
        Gone.Why why = Gone.Why.of(Location.form(word));
        fill(id, Location.gone(Places.NONE, why, Location.second(word)));
      }
    }
  }
}
