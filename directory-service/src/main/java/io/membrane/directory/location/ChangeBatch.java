package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Events of one source in order, in columns, to be filled and applied again and again. What many
 * events share is entered once and named by its number. Not thread-safe.
 */
public final class ChangeBatch {

  /** In {@link #removed}: whichever slice or tier. */
  public static final int ANY = -1;

  static final int STORED = 0;
  static final int REMOVED = 1;
  static final int CLEARED = 2;

  /** Words of a block's hash and its parent's. */
  static final int KEY_WORDS = 8;

  final Map<Namespace, Integer> namespaces = new HashMap<>();
  final Map<Form, Integer> forms = new HashMap<>();
  final Map<String, Integer> tiers = new HashMap<>();
  final Source source;
  final @Nullable NodeProgress first;
  int count;
  long[] keys = new long[64 * KEY_WORDS];
  long[] ends = new long[64];
  int[] kinds = new int[64];
  int[] blockIndexes = new int[64];
  int[] namespaceOf = new int[64];
  int[] formOf = new int[64];
  int[] tierOf = new int[64];
  boolean[] hasParent = new boolean[64];

  /**
   * An empty batch.
   *
   * @param first epoch and sequence of the first event; null if the order of the log is the order
   * @throws IllegalArgumentException if a name of the source is blank or too long
   */
  public ChangeBatch(Source source, @Nullable NodeProgress first) {
    EventRules.check(source);
    this.source = source;
    this.first = first;
  }

  /** Number of a namespace in this batch. */
  public int namespace(Namespace namespace) {
    return namespaces.computeIfAbsent(namespace, n -> namespaces.size());
  }

  /**
   * Number of a slice in so many bytes in this batch.
   *
   * @throws IllegalArgumentException if {@code bytes} is negative
   */
  public int form(Slice slice, long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes must not be negative");
    }
    return forms.computeIfAbsent(new Form(slice, bytes), f -> forms.size());
  }

  /**
   * Number of a tier in this batch.
   *
   * @throws IllegalArgumentException if it is blank or too long
   */
  public int tier(String tier) {
    EventRules.checkTier(tier);
    return tiers.computeIfAbsent(tier, t -> tiers.size());
  }

  /**
   * Adds that a fragment was stored.
   *
   * @param blockIndex blocks before it in its context
   * @param expiresAtMs Unix time at which it is gone, {@code Long.MAX_VALUE} if it has no end
   * @throws IllegalArgumentException if the index is negative or past the limit
   */
  public void stored(
      BlockHash block,
      @Nullable BlockHash parent,
      int namespace,
      int blockIndex,
      int form,
      int tier,
      long expiresAtMs) {
    EventRules.checkBlockIndex(blockIndex);
    int at = add(STORED, form, tier);
    key(block, at * KEY_WORDS);
    hasParent[at] = parent != null;
    if (parent != null) {
      key(parent, at * KEY_WORDS + 4);
    }
    namespaceOf[at] = namespace;
    blockIndexes[at] = blockIndex;
    ends[at] = expiresAtMs;
  }

  /** Adds that fragments of a block were removed. */
  public void removed(BlockHash block, int formOrAny, int tierOrAny) {
    key(block, add(REMOVED, formOrAny, tierOrAny) * KEY_WORDS);
  }

  /** Adds that the source holds nothing any more. */
  public void cleared() {
    add(CLEARED, ANY, ANY);
  }

  /** Events so far. */
  public int size() {
    return count;
  }

  private int add(int kind, int form, int tier) {
    if (count == kinds.length) {
      int wider = 2 * count;
      keys = Arrays.copyOf(keys, wider * KEY_WORDS);
      ends = Arrays.copyOf(ends, wider);
      kinds = Arrays.copyOf(kinds, wider);
      blockIndexes = Arrays.copyOf(blockIndexes, wider);
      namespaceOf = Arrays.copyOf(namespaceOf, wider);
      formOf = Arrays.copyOf(formOf, wider);
      tierOf = Arrays.copyOf(tierOf, wider);
      hasParent = Arrays.copyOf(hasParent, wider);
    }
    kinds[count] = kind;
    formOf[count] = form;
    tierOf[count] = tier;
    return count++;
  }

  private void key(BlockHash hash, int at) {
    copy(hash, keys, at);
  }

  static void copy(BlockHash hash, long[] into, int at) {
    into[at] = hash.w0();
    into[at + 1] = hash.w1();
    into[at + 2] = hash.w2();
    into[at + 3] = hash.w3();
  }
}
