package io.membrane.gateway.routing;

import io.membrane.block.BlockHash;
import org.jspecify.annotations.Nullable;

/** The path of one fragment, {@code /v1/fragments/<hash>/<slice>}. */
final class FragmentPath {

  private static final String PREFIX = "/v1/fragments/";
  private static final int HASH_END = PREFIX.length() + 2 * BlockHash.BYTES;

  private FragmentPath() {}

  /** The block whose fragment it is, or null if it is another path. */
  static @Nullable BlockHash block(String path) {
    if (path.length() <= HASH_END || path.charAt(HASH_END) != '/' || !path.startsWith(PREFIX)) {
      return null;
    }
    try {
      return BlockHash.parse(path.substring(PREFIX.length(), HASH_END));
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
