package io.membrane.fragment.inventory;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The entries of one range, behind a lock. */
final class Stripe {

  private final Range range;
  private Node root = new Leaf();

  Stripe(Range range) {
    this.range = range;
  }

  synchronized boolean put(byte[] entry) {
    if (Arrays.equals(root.find(entry, range.depth()), entry)) {
      return false;
    }
    root = root.put(entry, range.depth());
    return true;
  }

  synchronized boolean remove(byte[] entry) {
    if (!Arrays.equals(root.find(entry, range.depth()), entry)) {
      return false;
    }
    root = root.remove(entry, range.depth());
    return true;
  }

  synchronized byte @Nullable [] find(byte[] place) {
    return root.find(place, range.depth());
  }

  synchronized int count(Range within) {
    return root.count(within, range);
  }

  synchronized void page(Range within, byte[] after, Page page) {
    root.page(within, after, page, range);
  }

  /** Adds the digest of all that is here and says how much it is. */
  synchronized int digest(MessageDigest all) {
    all.update(root.digest(Sha256.start()));
    return root.size();
  }

  /** Count and digest of all that is here; 64 zeros if that is nothing. */
  synchronized InventoryDigest digest() {
    return new InventoryDigest(root.size(), HexFormat.of().formatHex(root.digest(Sha256.start())));
  }

  /** As {@link Node#digests}; the sink is called under the lock. */
  synchronized void digests(Range within, int target, MessageDigest sha, Consumer<byte[]> sink) {
    root.digests(within, target, range, sha, sink);
  }
}
