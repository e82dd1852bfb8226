package io.membrane.block;

/** Limits that all names share. */
final class Text {

  private static final int SHOWN = 80;

  private Text() {}

  /** What of a caller's string is repeated in an error. */
  static String shorten(String s) {
    return s.length() <= SHOWN ? s : s.substring(0, SHOWN) + "…";
  }

  /**
   * Checks a name that goes into hashes and metadata.
   *
   * @throws IllegalArgumentException if it is blank, longer than {@code max} or holds a control
   *     character
   */
  static String name(String what, String value, int max) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(what + " must not be blank");
    }
    if (value.length() > max) {
      throw new IllegalArgumentException(what + " is longer than " + max + " characters");
    }
    if (value.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(what + " holds a control character");
    }
    return value;
  }
}
