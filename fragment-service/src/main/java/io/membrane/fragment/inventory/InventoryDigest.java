package io.membrane.fragment.inventory;

import io.membrane.block.BlockHash;

/**
 * What a whole inventory comes to: equal if, and as far as SHA-256 goes only if, two nodes hold
 * equal bytes under equal keys. The same for every order of adding and removing.
 *
 * @param count how many fragments, ≥ 0
 * @param sha256 64 lower-case hex digits
 */
public record InventoryDigest(long count, String sha256) {

  public InventoryDigest {
    if (count < 0) {
      throw new IllegalArgumentException("an inventory has at least 0 fragments, not " + count);
    }
    sha256 = BlockHash.parse(sha256).hex();
  }
}
