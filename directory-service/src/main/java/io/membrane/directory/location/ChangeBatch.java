package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.LogEntry;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
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

  private static final int HASH_WORDS = KEY_WORDS / 2;

  /** By kind. */
  private static final EventType[] TYPES = {EventType.STORED, EventType.REMOVED, EventType.CLEARED};

  final Numbered<Namespace> namespaces = new Numbered<>();
  final Numbered<Form> forms = new Numbered<>();
  final Numbered<String> tiers = new Numbered<>();
  int count;
  long[] keys = new long[64 * KEY_WORDS];
  long[] ends = new long[64];
  int[] kinds = new int[64];
  int[] blockIndexes = new int[64];
  int[] namespaceOf = new int[64];
  int[] formOf = new int[64];
  int[] tierOf = new int[64];
  boolean[] hasParent = new boolean[64];
  private final long[] hashes = new long[KEY_WORDS];
  private @Nullable Source source;
  private @Nullable NodeProgress first;

  /** A batch that can be filled after {@link #begin}. */
  public ChangeBatch() {}

  /** An empty batch, as {@link #begin} leaves it. */
  public ChangeBatch(Source source, @Nullable NodeProgress first) {
    begin(source, first);
  }

  /**
   * Forgets all events and numbers; the room for them stays.
   *
   * @param first epoch and sequence of the first event; null if the order of the log is the order
   * @throws IllegalArgumentException if a name of the source is blank or too long
   */
  public void begin(Source source, @Nullable NodeProgress first) {
    EventRules.check(source);
    this.source = source;
    this.first = first;
    count = 0;
    namespaces.clear();
    forms.clear();
    tiers.clear();
  }

  /** Whose events they are. */
  public Source source() {
    return Objects.requireNonNull(source, "a batch that was not begun");
  }

  /** Epoch and sequence of the first event, or null if the order of the log is the order. */
  public @Nullable NodeProgress first() {
    return first;
  }

  /** Number of a namespace in this batch. */
  public int namespace(Namespace namespace) {
    return namespaces.number(namespace);
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
    return forms.number(new Form(slice, bytes));
  }

  /**
   * Number of a tier in this batch.
   *
   * @throws IllegalArgumentException if it is blank or too long
   */
  public int tier(String tier) {
    EventRules.checkTier(tier);
    return tiers.number(tier);
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
    copy(block, hashes, 0);
    if (parent != null) {
      copy(parent, hashes, 4);
    }
    stored(hashes, parent != null, namespace, blockIndex, form, tier, expiresAtMs);
  }

  /**
   * As {@link #stored(BlockHash, BlockHash, int, int, int, int, long)}.
   *
   * @param block the words of the block's hash, then of its parent's, which mean nothing if there
   *     is none
   */
  public void stored(
      long[] block,
      boolean parent,
      int namespace,
      int blockIndex,
      int form,
      int tier,
      long expiresAtMs) {
    EventRules.checkBlockIndex(blockIndex);
    int at = add(STORED, form, tier);
    System.arraycopy(block, 0, keys, at * KEY_WORDS, KEY_WORDS);
    hasParent[at] = parent;
    namespaceOf[at] = namespace;
    blockIndexes[at] = blockIndex;
    ends[at] = expiresAtMs;
  }

  /** Adds that fragments of a block were removed. */
  public void removed(BlockHash block, int formOrAny, int tierOrAny) {
    copy(block, hashes, 0);
    removed(hashes, formOrAny, tierOrAny);
  }

  /** As {@link #removed(BlockHash, int, int)}, for a hash in four words. */
  public void removed(long[] block, int formOrAny, int tierOrAny) {
    int at = add(REMOVED, formOrAny, tierOrAny);
    System.arraycopy(block, 0, keys, at * KEY_WORDS, 4);
  }

  /** Adds that the source holds nothing any more. */
  public void cleared() {
    add(CLEARED, ANY, ANY);
  }

  /** Events so far. */
  public int size() {
    return count;
  }

  /** What kind of event one is. */
  public EventType type(int event) {
    return TYPES[kinds[event]];
  }

  /** Words of all hashes; see {@link #keyAt} and {@link #parentAt}. */
  public long[] keys() {
    return keys;
  }

  /** Where in {@link #keys} the four words of an event's block begin; none if it is cleared. */
  public int keyAt(int event) {
    return event * KEY_WORDS;
  }

  /** Where in {@link #keys} the four words of a stored block's parent begin, if it has one. */
  public int parentAt(int event) {
    return keyAt(event) + HASH_WORDS;
  }

  /** Whether a stored block has a parent. */
  public boolean hasParent(int event) {
    return hasParent[event];
  }

  /** Whether a stored block's parent is the block of another event. */
  public boolean isChild(int event, int other) {
    return hasParent[event]
        && Arrays.equals(
            keys,
            parentAt(event),
            parentAt(event) + HASH_WORDS,
            keys,
            keyAt(other),
            keyAt(other) + HASH_WORDS);
  }

  /** Namespace of a stored block. */
  public Namespace namespaceOf(int event) {
    return namespaces.values().get(namespaceOf[event]);
  }

  /** Blocks before a stored one in its context. */
  public int blockIndex(int event) {
    return blockIndexes[event];
  }

  /** Slice and bytes by number, or {@link #ANY}. */
  public int formOf(int event) {
    return formOf[event];
  }

  /** Slice of a fragment that was stored, or removed by its slice. */
  public Slice slice(int event) {
    return forms.values().get(formOf[event]).slice();
  }

  /** Bytes of a stored fragment; 0 if nobody said. */
  public long bytes(int event) {
    return forms.values().get(formOf[event]).bytes();
  }

  /** Tier by number, or {@link #ANY}. */
  public int tierOf(int event) {
    return tierOf[event];
  }

  /** Tier of a fragment that was stored, or removed by its tier. */
  public String tier(int event) {
    return tiers.values().get(tierOf[event]);
  }

  /** Unix time at which a stored fragment is gone, {@code Long.MAX_VALUE} if it has no end. */
  public long expiresAtMs(int event) {
    return ends[event];
  }

  /** Whether the source says, after so many events, that it holds nothing. */
  public boolean clearsAfter(int events) {
    for (int i = events; i < count; i++) {
      if (kinds[i] == CLEARED) {
        return true;
      }
    }
    return false;
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

  /** The events as entries of the log. */
  public List<LogEntry> entries() {
    return EventColumns.entries(this);
  }

  @Override
  public String toString() {
    return entries().toString();
  }

  static void copy(BlockHash hash, long[] into, int at) {
    into[at] = hash.w0();
    into[at + 1] = hash.w1();
    into[at + 2] = hash.w2();
    into[at + 3] = hash.w3();
  }
}
