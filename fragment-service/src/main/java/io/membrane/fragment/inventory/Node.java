package io.membrane.fragment.inventory;

import java.security.MessageDigest;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A part of the tree that holds the entries of one range: a leaf, or a fork with more than {@value
 * #LEAF_ENTRIES} entries below it. The shape, and so the digest, follows from the set of entries
 * alone, in whatever order they came. Mutable, for one thread at a time; {@code depth} is the
 * node's own.
 */
abstract sealed class Node permits Leaf, Fork {

  /** Splits above it: 44 entries in a leaf on average. */
  static final int LEAF_ENTRIES = 64;

  /** Stands for the digest of no entries: 32 zeros. */
  static final byte[] NOTHING = new byte[Sha256.BYTES];

  abstract int size();

  /** Adds an entry, or replaces that of its key; what is to stand here from now on. */
  abstract Node put(byte[] entry, int depth);

  /** Removes the entry of a key that is here; what is to stand here from now on. */
  abstract Node remove(byte[] place, int depth);

  /** A copy of the entry of a key, or null. */
  abstract byte @Nullable [] find(byte[] place, int depth);

  /** How many entries have a position in {@code within}. */
  abstract int count(Range within, Range here);

  /**
   * Adds the entries of {@code within} behind {@code after} until the page is full.
   *
   * @param after a place, or no bytes for the start
   */
  abstract void page(Range within, byte[] after, Page page, Range here);

  /** SHA-256 of what is here, or {@link #NOTHING}. */
  abstract byte[] digest(MessageDigest sha);

  /**
   * Digests of the parts of {@code within} that have {@code target} bits, in order.
   *
   * @param target ≥ the bits of {@code within}
   */
  abstract void digests(
      Range within, int target, Range here, MessageDigest sha, Consumer<byte[]> sink);
}
