package io.membrane.block;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * Which part of a block's KV a fragment holds. Text form {@code attn.0-31.0of1}.
 *
 * @param kind blockwise attention KV or a recurrent snapshot at the block's end
 * @param firstLayer first layer, ≥ 0
 * @param lastLayer last layer, inclusive
 * @param rank tensor-parallel rank, 0 ≤ rank &lt; size
 * @param size tensor-parallel size
 */
public record Slice(Kind kind, int firstLayer, int lastLayer, int rank, int size) {

  /** What the bytes are. */
  public enum Kind {
    ATTN,
    STATE
  }

  private static final int MAX_DIGITS = 6;

  public Slice {
    if (firstLayer < 0 || lastLayer < firstLayer) {
      throw new IllegalArgumentException(
          "layers of a slice are first-last with first <= last, not "
              + firstLayer
              + "-"
              + lastLayer);
    }
    if (rank < 0 || rank >= size) {
      throw new IllegalArgumentException(
          "rank of a slice is 0 to size - 1, not " + rank + "of" + size);
    }
  }

  /** All layers of blockwise KV on one rank. */
  public static Slice attention(int layers) {
    return new Slice(Kind.ATTN, 0, layers - 1, 0, 1);
  }

  /**
   * Parses the text form; only the canonical spelling (no leading zeros) is accepted.
   *
   * @throws IllegalArgumentException if it is anything else
   */
  @JsonCreator
  public static Slice parse(String text) {
    try {
      int dot = text.indexOf('.');
      int dash = text.indexOf('-', dot);
      int second = text.indexOf('.', dash);
      int of = text.indexOf("of", second);
      return new Slice(
          kind(text.substring(0, dot)),
          number(text, dot + 1, dash),
          number(text, dash + 1, second),
          number(text, second + 1, of),
          number(text, of + 2, text.length()));
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw new IllegalArgumentException(
          "a slice is written like attn.0-31.0of1, not '" + Text.shorten(text) + "'", e);
    }
  }

  private static Kind kind(String text) {
    return switch (text) {
      case "attn" -> Kind.ATTN;
      case "state" -> Kind.STATE;
      default -> throw new NumberFormatException(text);
    };
  }

  /** Up to six digits without leading zeros. */
  private static int number(String text, int from, int to) {
    boolean isCanonical =
        to - from <= MAX_DIGITS
            && text.charAt(from) >= '0'
            && text.charAt(from) <= '9'
            && (text.charAt(from) != '0' || to - from == 1);
    if (!isCanonical) {
      throw new NumberFormatException(text);
    }
    return Integer.parseInt(text, from, to, 10);
  }

  @JsonValue
  @Override
  public String toString() {
    return kind.name().toLowerCase(Locale.ROOT)
        + "."
        + firstLayer
        + "-"
        + lastLayer
        + "."
        + rank
        + "of"
        + size;
  }
}
