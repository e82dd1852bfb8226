package io.membrane.block;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

  private static final Pattern FORM =
      Pattern.compile("(attn|state)\\.(\\d{1,6})-(\\d{1,6})\\.(\\d{1,6})of(\\d{1,6})");

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
    Matcher m = FORM.matcher(text);
    if (m.matches()) {
      Slice slice =
          new Slice(
              Kind.valueOf(m.group(1).toUpperCase(Locale.ROOT)),
              Integer.parseInt(m.group(2)),
              Integer.parseInt(m.group(3)),
              Integer.parseInt(m.group(4)),
              Integer.parseInt(m.group(5)));
      if (slice.toString().equals(text)) {
        return slice;
      }
    }
    throw new IllegalArgumentException(
        "a slice is written like attn.0-31.0of1, not '" + Text.shorten(text) + "'");
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
