package io.membrane.fragment.hot;

import org.jspecify.annotations.Nullable;

/**
 * The one range of a {@code Range} header, in the plain forms {@code bytes=0-99}, {@code
 * bytes=100-} and {@code bytes=-5} (RFC 9110, section 14.1.2).
 *
 * @param first first byte, or {@link #NONE} if the last {@code last} bytes are asked for
 * @param last last byte, inclusive, {@link #NONE} for all that follow; or how many
 */
record AskedRange(long first, long last) {

  static final long NONE = -1;

  private static final String UNIT = "bytes=";

  /** Digits that surely fit a long. */
  private static final int MAX_DIGITS = 18;

  /** Null if it is written in any other way, right or wrong. */
  static @Nullable AskedRange parse(String header) {
    int dash = header.indexOf('-');
    if (!header.startsWith(UNIT)
        || dash < 0
        || !isNumber(header, UNIT.length(), dash)
        || !isNumber(header, dash + 1, header.length())) {
      return null;
    }
    AskedRange range =
        new AskedRange(
            number(header, UNIT.length(), dash), number(header, dash + 1, header.length()));
    boolean asksNothing = range.first == NONE && range.last == NONE;
    boolean isReversed = range.first > range.last && range.last != NONE;
    return asksNothing || isReversed ? null : range;
  }

  /** The bytes of a payload of that length which are asked for, or null if there are none. */
  @Nullable Part of(long length) {
    long from = first == NONE ? Math.max(0, length - last) : first;
    long end = first == NONE || last == NONE ? length : Math.min(length, last + 1);
    return from < end ? new Part(from, end - from) : null;
  }

  private static boolean isNumber(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return to - from <= MAX_DIGITS;
  }

  private static long number(String text, int from, int to) {
    return from == to ? NONE : Long.parseLong(text, from, to, 10);
  }

  /**
   * Bytes of a payload.
   *
   * @param length at least 1
   */
  record Part(long from, long length) {

    /** The {@code Content-Range}. */
    String of(long whole) {
      return "bytes " + from + "-" + (from + length - 1) + "/" + whole;
    }
  }
}
