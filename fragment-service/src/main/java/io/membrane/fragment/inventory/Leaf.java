package io.membrane.fragment.inventory;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Entries in order, in one array: SHA-256(0 ‖ key ‖ content digest ‖ key ‖ …). At most {@value
 * Node#LEAF_ENTRIES}, but where all bits of the position are used up: then any number.
 */
final class Leaf extends Node {

  private static final byte TAG = 0;

  /** Room for so many is added at a time; more where a leaf cannot split. */
  private static final int GROWTH = 4;

  private byte[] entries;
  private int size;
  private byte @Nullable [] digest;

  Leaf() {
    this(NOTHING, 0);
  }

  private Leaf(byte[] entries, int size) {
    this.entries = entries;
    this.size = size;
  }

  static Leaf joined(Leaf left, Leaf right) {
    Leaf leaf = new Leaf(new byte[(left.size + right.size) * Entry.BYTES], 0);
    leaf.append(left, 0, left.size);
    leaf.append(right, 0, right.size);
    return leaf;
  }

  @Override
  int size() {
    return size;
  }

  @Override
  Node put(byte[] entry, int depth) {
    int index = index(entry);
    digest = null;
    if (index >= 0) {
      System.arraycopy(entry, 0, entries, index * Entry.BYTES, Entry.BYTES);
      return this;
    }
    int at = ~index * Entry.BYTES;
    int end = size * Entry.BYTES;
    if (end + Entry.BYTES > entries.length) {
      int room = size + Math.max(GROWTH, size / 16);
      entries = Arrays.copyOf(entries, Math.multiplyExact(room, Entry.BYTES));
    }
    System.arraycopy(entries, at, entries, at + Entry.BYTES, end - at);
    System.arraycopy(entry, 0, entries, at, Entry.BYTES);
    size++;
    return split(this, depth);
  }

  private static Node split(Leaf leaf, int depth) {
    if (leaf.size <= LEAF_ENTRIES || depth == Range.MAX_DEPTH) {
      return leaf;
    }
    int middle = leaf.middle(0, leaf.size, depth);
    return new Fork(
        split(leaf.copy(0, middle), depth + 1), split(leaf.copy(middle, leaf.size), depth + 1));
  }

  @Override
  Node remove(byte[] place, int depth) {
    int index = index(place);
    if (index >= 0) {
      int at = index * Entry.BYTES;
      System.arraycopy(entries, at + Entry.BYTES, entries, at, (size - index - 1) * Entry.BYTES);
      size--;
      digest = null;
      if (entries.length > (size + size / 8 + 2 * GROWTH) * Entry.BYTES) {
        entries = Arrays.copyOf(entries, size * Entry.BYTES);
      }
    }
    return this;
  }

  @Override
  byte @Nullable [] find(byte[] place, int depth) {
    int index = index(place);
    return index < 0
        ? null
        : Arrays.copyOfRange(entries, index * Entry.BYTES, (index + 1) * Entry.BYTES);
  }

  @Override
  int count(Range within, Range here) {
    return to(within) - from(within);
  }

  @Override
  void page(Range within, byte[] after, Page page, Range here) {
    int first = from(within);
    if (after.length > 0) {
      int index = index(after);
      first = Math.max(first, index < 0 ? ~index : index + 1);
    }
    int last = to(within);
    for (int i = first; i < last && !page.isFull(); i++) {
      page.add(entries, i * Entry.BYTES);
    }
  }

  @Override
  byte[] digest(MessageDigest sha) {
    return digest(0, size, sha);
  }

  @Override
  void digests(Range within, int target, Range here, MessageDigest sha, Consumer<byte[]> sink) {
    digests(from(within), to(within), Math.max(within.depth(), here.depth()), target, sha, sink);
  }

  private void digests(
      int from, int to, int depth, int target, MessageDigest sha, Consumer<byte[]> sink) {
    if (from == to) {
      for (long i = 0; i < 1L << (target - depth); i++) {
        sink.accept(NOTHING);
      }
    } else if (depth == target) {
      sink.accept(digest(from, to, sha));
    } else {
      int middle = middle(from, to, depth);
      digests(from, middle, depth + 1, target, sha, sink);
      digests(middle, to, depth + 1, target, sha, sink);
    }
  }

  private byte[] digest(int from, int to, MessageDigest sha) {
    if (from == to) {
      return NOTHING;
    }
    boolean whole = to - from == size;
    byte[] known = digest;
    if (whole && known != null) {
      return known;
    }
    sha.update(TAG);
    for (int i = from; i < to; i++) {
      sha.update(entries, i * Entry.BYTES + Entry.WIRE_AT, Entry.WIRE_BYTES);
    }
    byte[] fresh = sha.digest();
    if (whole) {
      digest = fresh;
    }
    return fresh;
  }

  private Leaf copy(int from, int to) {
    Leaf leaf = new Leaf(new byte[(to - from) * Entry.BYTES], 0);
    leaf.append(this, from, to);
    return leaf;
  }

  private void append(Leaf other, int from, int to) {
    int bytes = (to - from) * Entry.BYTES;
    System.arraycopy(other.entries, from * Entry.BYTES, entries, size * Entry.BYTES, bytes);
    size += to - from;
  }

  private int from(Range within) {
    return below(0, size, within.low());
  }

  private int to(Range within) {
    return within.high() == -1L ? size : below(0, size, within.high() + 1);
  }

  /** The first index whose position has the bit after {@code depth} bits. */
  private int middle(int from, int to, int depth) {
    long least = Entry.position(entries, from * Entry.BYTES);
    return below(from, to, (least & ~Range.rest(depth)) | Long.MIN_VALUE >>> depth);
  }

  /** The first index in [from, to] whose position is not below this one. */
  private int below(int from, int to, long position) {
    int low = from;
    int high = to;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(Entry.position(entries, middle * Entry.BYTES), position) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** As {@link Arrays#binarySearch} answers. */
  private int index(byte[] place) {
    int low = 0;
    int high = size - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Entry.compare(entries, middle * Entry.BYTES, place, 0);
      if (order == 0) {
        return middle;
      } else if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return ~low;
  }
}
