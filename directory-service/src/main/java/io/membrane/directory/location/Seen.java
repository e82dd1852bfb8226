package io.membrane.directory.location;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A block as one read of its record saw it, to be filled again and again. Not thread-safe. */
final class Seen {

  /** The record's words, as {@link Records} draws them. */
  final long[] record = new long[Records.WORDS];

  /** Locations, {@link Location#one} each, and their places; the first {@link #count}. */
  long[] locations = new long[4];

  @Nullable Place[] places = new @Nullable Place[4];

  int count;

  /** Where a block that is gone was last, if that is known. */
  @Nullable Place lastPlace;

  /** The parent's hash, if {@link #hasParent}. */
  final long[] parent = new long[4];

  boolean hasParent;

  void begin(int locationCount) {
    count = locationCount;
    lastPlace = null;
    if (locationCount > locations.length) {
      locations = new long[Integer.highestOneBit(2 * locationCount - 1)];
      places = Arrays.copyOf(places, locations.length);
    }
  }

  boolean isOf(long[] hash, int from) {
    return Arrays.equals(record, 0, 4, hash, from, from + 4);
  }

  Place place(int i) {
    Place place = places[i];
    if (place == null) {
      throw new IllegalStateException("a location without a place");
    }
    return place;
  }
}
