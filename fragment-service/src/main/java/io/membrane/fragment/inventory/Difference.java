package io.membrane.fragment.inventory;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import org.jspecify.annotations.Nullable;

/**
 * A key that two nodes do not hold with the same bytes.
 *
 * @param here the digest on the asking node, or null if it does not hold the key
 * @param there the digest on the other node, or null if it does not hold the key
 */
public record Difference(
    FragmentKey key, @Nullable ContentDigest here, @Nullable ContentDigest there) {

  public Difference {
    if (here == null ? there == null : here.equals(there)) {
      throw new IllegalArgumentException("what is equal is no difference");
    }
  }
}
