package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.LogEntry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

  final Map<Namespace, Integer> namespaces = new HashMap<>();
  final Map<Form, Integer> forms = new HashMap<>();
  final Map<String, Integer> tiers = new HashMap<>();
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
    List<LogEntry> entries = new ArrayList<>(count);
    Source whose = source();
    for (int i = 0; i < count; i++) {
      entries.add(
          new LogEntry(
              whose.node(),
              whose.cluster(),
              whose.domain(),
              first == null ? null : Long.valueOf(first.epoch()),
              first == null ? null : Long.valueOf(first.nextSequence() + i),
              event(i)));
    }
    return entries;
  }

  private Event event(int i) {
    if (kinds[i] == CLEARED) {
      return new Event(EventType.CLEARED, null, null, null, null, null, null, null, null);
    }
    BlockHash block = hash(i * KEY_WORDS);
    Form form = named(forms, formOf[i]);
    Slice slice = form == null ? null : form.slice();
    String tier = named(tiers, tierOf[i]);
    if (kinds[i] == REMOVED) {
      return new Event(EventType.REMOVED, null, block, null, slice, null, tier, null, null);
    }
    Namespace namespace = Objects.requireNonNull(named(namespaces, namespaceOf[i]));
    int from = blockIndexes[i] * namespace.blockTokens();
    return new Event(
        EventType.STORED,
        namespace,
        block,
        hasParent[i] ? hash(i * KEY_WORDS + 4) : null,
        slice,
        Objects.requireNonNull(form).bytes(),
        tier,
        new TokenSpan(from, from + namespace.blockTokens()),
        ends[i] == Long.MAX_VALUE ? null : Long.valueOf(ends[i]));
  }

  @Override
  public String toString() {
    return entries().toString();
  }

  private BlockHash hash(int at) {
    return new BlockHash(keys[at], keys[at + 1], keys[at + 2], keys[at + 3]);
  }

  private static <T> @Nullable T named(Map<T, Integer> numbers, int number) {
    for (Map.Entry<T, Integer> known : numbers.entrySet()) {
      if (known.getValue() == number) {
        return known.getKey();
      }
    }
    return null;
  }

  static void copy(BlockHash hash, long[] into, int at) {
    into[at] = hash.w0();
    into[at + 1] = hash.w1();
    into[at + 2] = hash.w2();
    into[at + 3] = hash.w3();
  }
}
