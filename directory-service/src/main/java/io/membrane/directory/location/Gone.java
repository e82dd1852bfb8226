package io.membrane.directory.location;

import org.jspecify.annotations.Nullable;

/**
 * Why a block has no location any more.
 *
 * @param atMs Unix time, to the second
 * @param place where it was last, or null if it never was anywhere or that is not known
 */
public record Gone(Why why, long atMs, @Nullable Place place) {

  /** What became of the last location. */
  public enum Why {
    /** It was only ever named, as another block's parent. */
    NEVER_STORED(0),
    REMOVED(1),
    EXPIRED(2),
    /** Its node was cleared, or began anew. */
    CLEARED(3),
    /** Its node was lost. */
    LOST(4);

    /** What a record holds of it. */
    final int code;

    Why(int code) {
      this.code = code;
    }

    static Why of(int code) {
      return switch (code) {
        case 0 -> NEVER_STORED;
        case 1 -> REMOVED;
        case 2 -> EXPIRED;
        case 3 -> CLEARED;
        case 4 -> LOST;
        default -> throw new IllegalArgumentException("no reason has the code " + code);
      };
    }
  }

  /** Why a location does not count any more, or null if it does. */
  static @Nullable Gone ending(long location, Place place, int nowSeconds) {
    Gone death = place.death();
    if (death != null) {
      return death;
    }
    return Location.isExpired(location, nowSeconds)
        ? new Gone(Why.EXPIRED, Location.unixMs(Location.second(location)), place)
        : null;
  }
}
