package io.membrane.directory.location;

import io.membrane.block.Namespace;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of an image as bytes, piece by piece; {@link BlockDecoder} reads them in that order.
 *
 * <pre>
 *  piece       length u32 of the three dictionaries | namespaces | forms | places | block …
 *  namespaces  n u32 | (model | revision | kv_dtype | block_tokens u32) …
 *  forms       n u32 | (slice | bytes u64) …
 *  places      n u32 | (cluster | node | domain | tier) …
 *
 *  block       hash 4 × 64 | what 64 | where 64 | [location 64 …] | [parent's hash 4 × 64]
 *  what        63..62      61..52   51..32         31..16         15..3   2..0
 *              parent 2  |   0    | block index 20 | namespace 16 | age 13 | uses 3
 *  parent      0: none, 1: the block before, 2: written
 *  where       as {@link Location} draws it; in a list's the offset is 0, and its locations follow
 * </pre>
 *
 * A dictionary has what its piece is the first to name; the numbers go on from piece to piece,
 * those of namespaces and forms from 0, those of places from 1. Texts are modified UTF-8 after
 * their length u16. All numbers are big-endian.
 *
 * <p>What has expired, was cleared or was lost is left out, and a block of which that leaves
 * nothing is gone, for that reason. Nothing is written of other regions. For one thread.
 */
public final class BlockEncoder {

  static final int NO_PARENT = 0;
  static final int PARENT_BEFORE = 1;
  static final int PARENT_WRITTEN = 2;
  static final int PARENT_SHIFT = 62;
  static final int INDEX_SHIFT = 32;

  private static final int MOST_WORDS = 10 + LocationLists.MAX_LENGTH;

  private record Spot(Source source, String tier) {}

  private final BlockTable table;
  private final int nowSeconds;
  private final int ids;
  private final Seen seen = new Seen();
  private final long[] before = new long[4];
  private final Map<Spot, Integer> places = new HashMap<>();
  private final ByteArrayOutputStream newPlaces = new ByteArrayOutputStream();
  private final long[] locations = new long[LocationLists.MAX_LENGTH];
  private @Nullable Place lastPlace;
  private int lastPlaceNumber;
  private int namespaces;
  private int forms;
  private int mostNamespace = -1;
  private int mostForm = -1;
  private int placesBefore;
  private int id;
  private long blocks;

  BlockEncoder(BlockTable table, int nowSeconds) {
    this.table = table;
    this.nowSeconds = nowSeconds;
    this.ids = table.highestId();
  }

  /** The next piece of at least so many bytes, unless it is the last one; null after the last. */
  public byte @Nullable [] next(int size) {
    if (id == ids) {
      return null;
    }
    ByteBuffer out = ByteBuffer.allocate(size + MOST_WORDS * Long.BYTES);
    while (id < ids && out.position() < size) {
      id++;
      if (table.records.readAll(id, seen) && isOfThisRegion()) {
        block(out);
      }
    }
    byte[] dictionaries = dictionaries();
    return ByteBuffer.allocate(Integer.BYTES + dictionaries.length + out.position())
        .putInt(dictionaries.length)
        .put(dictionaries)
        .put(out.flip())
        .array();
  }

  /** Blocks in the pieces so far. */
  public long blocks() {
    return blocks;
  }

  /** Whether anything that was ever said of the block was said here. */
  private boolean isOfThisRegion() {
    for (int i = 0; i < seen.count; i++) {
      if (isHere(seen.place(i))) {
        return true;
      }
    }
    return seen.count == 0 && (seen.lastPlace == null || isHere(seen.lastPlace));
  }

  private static boolean isHere(Place place) {
    return place.source().region() == null;
  }

  private void block(ByteBuffer out) {
    blocks++;
    long[] record = seen.record;
    mostNamespace = Math.max(mostNamespace, Records.namespace(record[5]));
    int parent = NO_PARENT;
    if (seen.hasParent) {
      parent = Arrays.equals(seen.parent, before) ? PARENT_BEFORE : PARENT_WRITTEN;
    }
    for (int i = 0; i < 4; i++) {
      before[i] = record[i];
      out.putLong(record[i]);
    }
    out.putLong(
        (long) parent << PARENT_SHIFT
            | (long) Records.blockIndex(record[6], record[7]) << INDEX_SHIFT
            | (record[5] & 0xFFFF_FFFFL));
    where(out);
    for (int i = 0; parent == PARENT_WRITTEN && i < 4; i++) {
      out.putLong(seen.parent[i]);
    }
  }

  private void where(ByteBuffer out) {
    int count = 0;
    Gone ending = null;
    Place last = seen.lastPlace;
    for (int i = 0; i < seen.count; i++) {
      Place place = seen.place(i);
      if (!isHere(place)) {
        continue;
      }
      long location = seen.locations[i];
      Gone ended = Gone.ending(location, place, nowSeconds);
      if (ended != null) {
        ending = ended;
        last = place;
      } else {
        int form = Location.form(location);
        mostForm = Math.max(mostForm, form);
        locations[count++] = Location.one(number(place), form, Location.second(location));
      }
    }
    if (count == 1) {
      out.putLong(locations[0]);
    } else if (count > 1) {
      out.putLong(Location.list(count, 0));
      for (int i = 0; i < count; i++) {
        out.putLong(locations[i]);
      }
    } else {
      int place = last == null ? Places.NONE : number(last);
      long word = seen.record[4];
      out.putLong(
          ending == null
              ? Location.gone(place, Gone.Why.of(Location.form(word)), Location.second(word))
              : Location.gone(place, ending.why(), Location.seconds(ending.atMs())));
    }
  }

  private int number(Place place) {
    if (place != lastPlace) {
      lastPlace = place;
      lastPlaceNumber =
          places.computeIfAbsent(new Spot(place.source(), place.tier()), this::numberAnew);
    }
    return lastPlaceNumber;
  }

  private int numberAnew(Spot spot) {
    try {
      DataOutputStream out = new DataOutputStream(newPlaces);
      out.writeUTF(spot.source().cluster());
      out.writeUTF(spot.source().node());
      out.writeUTF(spot.source().domain());
      out.writeUTF(spot.tier());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return places.size() + 1;
  }

  private byte[] dictionaries() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(mostNamespace + 1 - namespaces);
      for (; namespaces <= mostNamespace; namespaces++) {
        Namespace namespace = table.namespaces.get(namespaces);
        out.writeUTF(namespace.model());
        out.writeUTF(namespace.revision());
        out.writeUTF(namespace.kvDtype());
        out.writeInt(namespace.blockTokens());
      }
      out.writeInt(mostForm + 1 - forms);
      for (; forms <= mostForm; forms++) {
        Form form = table.forms.get(forms);
        out.writeUTF(form.slice().toString());
        out.writeLong(form.bytes());
      }
      out.writeInt(places.size() - placesBefore);
      placesBefore = places.size();
      newPlaces.writeTo(out);
      newPlaces.reset();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
