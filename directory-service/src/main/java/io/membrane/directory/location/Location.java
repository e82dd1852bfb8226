package io.membrane.directory.location;

/**
 * What a record's word about its locations says; the words of a list are of the first kind.
 *
 * <pre>
 * 63..62   61..44     43..30    29..0
 *   1    | place 18 | form 14 | end 30     one location; end in {@link #seconds}, 0: none
 *   2    | length 11, offset 51            a list of so many, at this word of the lists
 *   3    | place 18 | why 14  | when 30    gone: the last place (0: none), why, when in seconds
 *   0                                      no block
 * </pre>
 */
final class Location {

  static final int PLACES = 1 << 18;
  static final int FORMS = 1 << 14;
  static final int NO_END = 0;

  static final int FREE = 0;
  static final int ONE = 1;
  static final int LIST = 2;
  static final int GONE = 3;

  private static final int KIND_SHIFT = 62;
  private static final int PLACE_SHIFT = 44;
  private static final int FORM_SHIFT = 30;
  private static final int LENGTH_SHIFT = 51;
  private static final int SECONDS_MASK = (1 << 30) - 1;

  /** 2025-01-01T00:00:00Z; thirty bits of seconds from there last until 2059. */
  private static final long EPOCH_SECONDS = 1_735_689_600L;

  private Location() {}

  /** Seconds since 2025, rounded down, at least 1, at most what thirty bits hold. */
  static int seconds(long unixMs) {
    long seconds = Math.floorDiv(unixMs, 1000L) - EPOCH_SECONDS;
    return (int) Math.clamp(seconds, 1L, SECONDS_MASK);
  }

  static long unixMs(int seconds) {
    return (EPOCH_SECONDS + seconds) * 1000L;
  }

  static long one(int place, int form, int end) {
    return (long) ONE << KIND_SHIFT | (long) place << PLACE_SHIFT | (long) form << FORM_SHIFT | end;
  }

  static long list(int length, long offset) {
    return (long) LIST << KIND_SHIFT | (long) length << LENGTH_SHIFT | offset;
  }

  static long gone(int place, Gone.Why why, int when) {
    return (long) GONE << KIND_SHIFT
        | (long) place << PLACE_SHIFT
        | (long) why.code << FORM_SHIFT
        | when;
  }

  static int kind(long word) {
    return (int) (word >>> KIND_SHIFT);
  }

  static int place(long word) {
    return (int) (word >>> PLACE_SHIFT) & (PLACES - 1);
  }

  static int form(long word) {
    return (int) (word >>> FORM_SHIFT) & (FORMS - 1);
  }

  /** The end of a location, or when a block went. */
  static int second(long word) {
    return (int) word & SECONDS_MASK;
  }

  static int length(long word) {
    return (int) (word >>> LENGTH_SHIFT) & 0x7FF;
  }

  static long offset(long word) {
    return word & ((1L << LENGTH_SHIFT) - 1);
  }

  static boolean isExpired(long word, int nowSeconds) {
    int end = second(word);
    return end != NO_END && nowSeconds >= end;
  }
}
