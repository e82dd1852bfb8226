package io.membrane.directory.location;

import io.membrane.block.Slice;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What events do to the table. One thread; {@link #progress} and the counts are for any. */
final class Changes {

  static final int OUTDATED = -1;

  private static final int MAX_NUMBERING = 65_536;
  private static final int MAX_STEPS_UP = 1024;

  final BlockTable table;
  private final ClockHand hand;
  private final long maxLocations;
  private final Map<Source, NodeProgress> progress = new ConcurrentHashMap<>();
  private final AtomicLong gaps;
  private final AtomicLong forgotten;
  private int lastStored;

  /** Changes to an empty table; {@code gaps} and {@code forgotten} are counted on. */
  Changes(BlockTable table, long maxLocations, AtomicLong gaps, AtomicLong forgotten) {
    this.table = table;
    this.hand = new ClockHand(table);
    this.maxLocations = maxLocations;
    this.gaps = gaps;
    this.forgotten = forgotten;
  }

  /**
   * Judges numbered events that follow each other, and clears the source first if they begin a new
   * epoch.
   *
   * @return how many of them, from the first on, were in the log before; {@link #OUTDATED} if their
   *     epoch is over
   * @throws IllegalStateException for a numbering source too many
   */
  int admit(Source source, long epoch, long sequence, int count, int nowSeconds) {
    NodeProgress known = progress.get(source);
    if (known != null && (epoch < known.epoch() || (epoch == known.epoch() && known.isOver()))) {
      return OUTDATED;
    }
    checkNumbering(known);
    boolean isNewEpoch = known == null || epoch > known.epoch();
    long wanted = known == null || isNewEpoch ? 0 : known.nextSequence();
    if (sequence + count <= wanted) {
      return count;
    }
    if (sequence > wanted && sequence != NodeProgress.LAST_SEQUENCE) {
      gaps.setRelease(gaps.getPlain() + 1);
    }
    if (isNewEpoch) {
      end(source, Gone.Why.CLEARED, nowSeconds);
    }
    progress.put(source, new NodeProgress(epoch, sequence + count));
    return (int) Math.max(0, wanted - sequence);
  }

  /**
   * Ends all that a source holds, at once: it says so, or it is lost.
   *
   * @param sequence number of the event that tells of it, or null if it has none
   */
  void end(Source source, @Nullable Long sequence, int nowSeconds) {
    boolean isLost = sequence != null && sequence == NodeProgress.LAST_SEQUENCE;
    end(source, isLost ? Gone.Why.LOST : Gone.Why.CLEARED, nowSeconds);
  }

  private void end(Source source, Gone.Why why, int nowSeconds) {
    table.places.end(source, new Gone(why, Location.unixMs(nowSeconds), null));
  }

  /** Ends all that this region holds, and forgets the numbers of its nodes. */
  void endLocal(int nowSeconds) {
    table.places.endLocal(new Gone(Gone.Why.CLEARED, Location.unixMs(nowSeconds), null));
    progress.keySet().removeIf(source -> source.region() == null);
  }

  /** What comes of a region from now on is told beside what is known of it. */
  void beginAgain(String region) {
    table.places.setAside(region);
    progress.keySet().removeIf(source -> region.equals(source.region()));
  }

  /** Ends what was known of a region before {@link #beginAgain}. */
  void complete(String region, int nowSeconds) {
    table.places.endAside(region, new Gone(Gone.Why.CLEARED, Location.unixMs(nowSeconds), null));
  }

  /**
   * Takes over how far a source has come, without an event of it.
   *
   * @throws IllegalStateException for a numbering source too many
   */
  void adopt(Source source, NodeProgress reached) {
    checkNumbering(progress.get(source));
    progress.put(source, reached);
  }

  private void checkNumbering(@Nullable NodeProgress known) {
    if (known == null && progress.size() >= MAX_NUMBERING) {
      throw new IllegalStateException(
          "the image knows " + MAX_NUMBERING + " nodes that number their events, its limit");
    }
  }

  /** How far the sources of this region have come. */
  Map<Source, NodeProgress> localProgress() {
    Map<Source, NodeProgress> local = new HashMap<>();
    progress.forEach((source, reached) -> {
      if (source.region() == null) {
        local.put(source, reached);
      }
    });
    return local;
  }

  /** Number of a form; near the limit lengths are rounded up to a power of two. */
  int form(Form form) {
    if (table.forms.size() < Location.FORMS / 4 * 3 || table.forms.has(form)) {
      return table.forms.number(form);
    }
    long rounded = Long.highestOneBit(Math.max(1, form.bytes()) * 2 - 1);
    return table.forms.number(new Form(form.slice(), rounded));
  }

  /**
   * The living place of a source and tier.
   *
   * @throws IllegalStateException if there are as many as there can be
   */
  Place place(Source source, String tier, int nowSeconds) {
    return place(() -> table.places.findOrAdd(source, tier), nowSeconds);
  }

  /** As {@link #place(Source, String, int)}, of what is listed anew. */
  Place listedPlace(Source source, String tier, int nowSeconds) {
    return place(() -> table.places.findOrAddListed(source, tier), nowSeconds);
  }

  private Place place(Supplier<@Nullable Place> findOrAdd, int nowSeconds) {
    Place place = findOrAdd.get();
    if (place == null) {
      sweep(Integer.MAX_VALUE, nowSeconds);
      for (int id = table.highestId(); id > 0; id--) {
        table.forgetDeadPlace(id);
      }
      table.places.endUnused();
      place = findOrAdd.get();
    }
    if (place == null) {
      throw new IllegalStateException("the image knows as many places as it can");
    }
    return place;
  }

  /**
   * Takes a stored fragment in.
   *
   * @param keys hash of the block at {@code at}, of its parent four words further on
   * @param location {@link Location#one}
   */
  void store(
      long[] keys,
      int at,
      boolean hasParent,
      int namespace,
      int blockIndex,
      long location,
      int nowSeconds) {
    int id = enter(keys, at, hasParent, namespace, blockIndex, nowSeconds);
    table.put(id, location, nowSeconds);
    table.records.setUse(id, ClockHand.age(nowSeconds), table.records.uses(id) + 1);
    lastStored = id;
    makeRoomForLocations(id, nowSeconds);
  }

  /**
   * Takes a fragment in as {@link #store}, which is listed anew: a block that is known is not used
   * by that.
   */
  void list(
      long[] keys,
      int at,
      boolean hasParent,
      int namespace,
      int blockIndex,
      long location,
      int nowSeconds) {
    int known = table.find(keys, at);
    if (known == 0 || table.isGone(known)) {
      store(keys, at, hasParent, namespace, blockIndex, location, nowSeconds);
      return;
    }
    int id = enter(keys, at, hasParent, namespace, blockIndex, nowSeconds);
    table.put(id, location, nowSeconds);
    lastStored = id;
    makeRoomForLocations(id, nowSeconds);
  }

  /**
   * Takes a block in as a snapshot has it.
   *
   * @param keys as for {@link #store}, from the first word on
   * @param age its last use, as {@link ClockHand#age} says it
   * @param locations the first {@code count}, {@link Location#one} each
   * @param gone {@link Location#gone}, for a count of 0
   */
  void restore(
      long[] keys,
      boolean hasParent,
      int namespace,
      int blockIndex,
      int age,
      int uses,
      long[] locations,
      int count,
      long gone,
      int nowSeconds) {
    int id = enter(keys, 0, hasParent, namespace, blockIndex, nowSeconds);
    if (count == 0) {
      table.fill(id, gone);
    } else {
      table.fill(id, locations, count);
    }
    table.records.setUse(id, age, uses);
    lastStored = id;
    makeRoomForLocations(id, nowSeconds);
  }

  void restore(Map<Source, NodeProgress> known) {
    progress.putAll(known);
  }

  /** The id of a block that is as it is described; it is made if there is none. */
  private int enter(
      long[] keys, int at, boolean hasParent, int namespace, int blockIndex, int nowSeconds) {
    int id = table.find(keys, at);
    int parent = hasParent && blockIndex > 0 ? parent(id, keys, at + 4) : 0;
    Records records = table.records;
    if (id == 0) {
      if (!makeRoom(parent, nowSeconds)) {
        makeRoom(0, nowSeconds);
      }
      id = table.add(keys, at, namespace, blockIndex, nowSeconds);
    } else if (records.namespace(id) != namespace || records.blockIndex(id) != blockIndex) {
      table.lineage.unlink(id);
      table.lineage.unlinkChildren(id);
      records.describe(id, namespace, blockIndex);
    }
    linkToParent(id, parent, hasParent && blockIndex > 0, keys, at, nowSeconds);
    return id;
  }

  private void makeRoomForLocations(int id, int nowSeconds) {
    while (table.locations() > maxLocations && hand.takeOne(id, nowSeconds)) {
      forgotten.setRelease(forgotten.getPlain() + 1);
    }
  }

  /** The parent that a block has already, or the block stored before, if it is that; or any. */
  private int parent(int id, long[] keys, int at) {
    int known = id == 0 ? 0 : table.records.parent(id);
    if (known != 0 && table.records.isOf(known, keys, at)) {
      return known;
    }
    if (lastStored != 0 && !table.isFree(lastStored) && table.records.isOf(lastStored, keys, at)) {
      return lastStored;
    }
    return table.find(keys, at);
  }

  private void linkToParent(
      int id, int found, boolean hasParent, long[] keys, int at, int nowSeconds) {
    Records records = table.records;
    int parent = found;
    if (parent == id || (parent != 0 && table.isFree(parent))) {
      parent = 0;
    }
    if (hasParent && parent == 0 && !records.isOf(id, keys, at + 4)) {
      if (makeRoom(id, nowSeconds)) {
        parent =
            table.add(keys, at + 4, records.namespace(id), records.blockIndex(id) - 1, nowSeconds);
      }
    }
    if (parent == 0) {
      table.lineage.unlink(id);
    } else {
      table.lineage.link(id, parent);
    }
  }

  private boolean makeRoom(int keep, int nowSeconds) {
    while (table.isFull()) {
      if (!hand.takeOne(keep, nowSeconds)) {
        return false;
      }
      forgotten.setRelease(forgotten.getPlain() + 1);
    }
    return true;
  }

  /**
   * Takes fragments of a block at a source away.
   *
   * @param slice null for any
   * @param tier null for any
   */
  void remove(
      long[] keys,
      int at,
      Source source,
      @Nullable Slice slice,
      @Nullable String tier,
      int nowSeconds) {
    remove(
        keys,
        at,
        place -> place.source().equals(source) && (tier == null || tier.equals(place.tier())),
        slice,
        nowSeconds);
  }

  /**
   * Takes fragments of a block away.
   *
   * @param isThere the places where they lie
   * @param slice null for any
   */
  void remove(
      long[] keys, int at, Predicate<Place> isThere, @Nullable Slice slice, int nowSeconds) {
    int id = table.find(keys, at);
    if (id != 0) {
      table.drop(
          id,
          word ->
              isThere.test(table.places.get(Location.place(word)))
                  && (slice == null || slice.equals(table.forms.get(Location.form(word)).slice())),
          nowSeconds);
    }
  }

  /** Notes that a context was used that ends with a block. */
  void used(long[] key, int nowSeconds) {
    Records records = table.records;
    int id = table.find(key, 0);
    for (int steps = 0; id != 0 && steps < MAX_STEPS_UP; steps++) {
      records.setUse(id, ClockHand.age(nowSeconds), records.uses(id) + 1);
      id = records.parent(id);
    }
  }

  void sweep(int count, int nowSeconds) {
    hand.sweep(count, nowSeconds);
  }

  @Nullable NodeProgress progress(Source source) {
    return progress.get(source);
  }

  int numbering() {
    return progress.size();
  }

  static long location(Place place, int form, long expiresAtMs) {
    int end = expiresAtMs == Long.MAX_VALUE ? Location.NO_END : Location.seconds(expiresAtMs);
    return Location.one(place.id, form, end);
  }
}
