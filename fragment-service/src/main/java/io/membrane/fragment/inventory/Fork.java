package io.membrane.fragment.inventory;

import java.security.MessageDigest;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Two halves of a range: SHA-256(1 ‖ digest of the left ‖ digest of the right). */
final class Fork extends Node {

  private static final byte TAG = 1;

  private Node left;
  private Node right;
  private int size;
  private byte @Nullable [] digest;

  Fork(Node left, Node right) {
    this.left = left;
    this.right = right;
    this.size = left.size() + right.size();
  }

  @Override
  int size() {
    return size;
  }

  @Override
  Node put(byte[] entry, int depth) {
    if (Range.isRight(Entry.position(entry, 0), depth)) {
      right = right.put(entry, depth + 1);
    } else {
      left = left.put(entry, depth + 1);
    }
    return changed();
  }

  @Override
  Node remove(byte[] place, int depth) {
    if (Range.isRight(Entry.position(place, 0), depth)) {
      right = right.remove(place, depth + 1);
    } else {
      left = left.remove(place, depth + 1);
    }
    changed();
    return size <= LEAF_ENTRIES && left instanceof Leaf l && right instanceof Leaf r
        ? Leaf.joined(l, r)
        : this;
  }

  @Override
  byte @Nullable [] find(byte[] place, int depth) {
    Node side = Range.isRight(Entry.position(place, 0), depth) ? right : left;
    return side.find(place, depth + 1);
  }

  @Override
  int count(Range within, Range here) {
    if (within.depth() <= here.depth()) {
      return size;
    }
    boolean toTheRight = Range.isRight(within.prefix(), here.depth());
    return (toTheRight ? right : left).count(within, here.part(1, toTheRight ? 1 : 0));
  }

  @Override
  void page(Range within, byte[] after, Page page, Range here) {
    boolean everything = within.depth() <= here.depth();
    boolean toTheRight = Range.isRight(within.prefix(), here.depth());
    Range leftRange = here.part(1, 0);
    boolean passed =
        after.length > 0 && Long.compareUnsigned(leftRange.high(), Entry.position(after, 0)) < 0;
    if (!passed && (everything || !toTheRight)) {
      left.page(within, after, page, leftRange);
    }
    if (!page.isFull() && (everything || toTheRight)) {
      right.page(within, after, page, here.part(1, 1));
    }
  }

  @Override
  byte[] digest(MessageDigest sha) {
    byte[] known = digest;
    if (known == null) {
      byte[] l = left.digest(sha);
      byte[] r = right.digest(sha);
      sha.update(TAG);
      sha.update(l);
      sha.update(r);
      known = sha.digest();
      digest = known;
    }
    return known;
  }

  @Override
  void digests(Range within, int target, Range here, MessageDigest sha, Consumer<byte[]> sink) {
    boolean everything = within.depth() <= here.depth();
    if (everything && here.depth() == target) {
      sink.accept(digest(sha));
      return;
    }
    boolean toTheRight = Range.isRight(within.prefix(), here.depth());
    if (everything || !toTheRight) {
      left.digests(within, target, here.part(1, 0), sha, sink);
    }
    if (everything || toTheRight) {
      right.digests(within, target, here.part(1, 1), sha, sink);
    }
  }

  private Node changed() {
    size = left.size() + right.size();
    digest = null;
    return this;
  }
}
