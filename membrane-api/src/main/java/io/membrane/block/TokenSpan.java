package io.membrane.block;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * Half-open range of token positions. JSON: {@code [from, to]}; in headers: {@code from-to}.
 *
 * @param from first position, ≥ 0
 * @param to position after the last, &gt; from
 */
public record TokenSpan(int from, int to) {

  public TokenSpan {
    if (from < 0 || to <= from) {
      throw new IllegalArgumentException(
          "a token span is half-open and not empty, 0 <= from < to, not " + from + "-" + to);
    }
  }

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static TokenSpan of(int[] ends) {
    if (ends.length != 2) {
      throw new IllegalArgumentException("a token span is [from, to]");
    }
    return new TokenSpan(ends[0], ends[1]);
  }

  /**
   * Parses the header form.
   *
   * @throws IllegalArgumentException if it is not {@code from-to}
   */
  public static TokenSpan parse(String text) {
    int dash = text.indexOf('-');
    try {
      return new TokenSpan(
          Integer.parseUnsignedInt(text.substring(0, Math.max(dash, 0))),
          Integer.parseUnsignedInt(text.substring(dash + 1)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "a token span is written like 0-256, not '" + Text.shorten(text) + "'", e);
    }
  }

  public int length() {
    return to - from;
  }

  @JsonValue
  int[] ends() {
    return new int[] {from, to};
  }

  @Override
  public String toString() {
    return from + "-" + to;
  }
}
