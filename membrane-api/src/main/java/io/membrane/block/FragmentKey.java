package io.membrane.block;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** Name of a fragment: {@code <block hash>/<slice>}. */
public record FragmentKey(BlockHash hash, Slice slice) {

  /**
   * Parses the text form.
   *
   * @throws IllegalArgumentException if it is anything else
   */
  @JsonCreator
  public static FragmentKey parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException(
          "a fragment key is <block hash>/<slice>, not '" + Text.shorten(text) + "'");
    }
    return new FragmentKey(
        BlockHash.parse(text.substring(0, slash)), Slice.parse(text.substring(slash + 1)));
  }

  @JsonValue
  @Override
  public String toString() {
    return hash.hex() + "/" + slice;
  }
}
