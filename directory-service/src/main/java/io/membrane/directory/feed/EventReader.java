package io.membrane.directory.feed;

import static io.membrane.directory.feed.BatchCodec.BYTES;
import static io.membrane.directory.feed.BatchCodec.CLEARED;
import static io.membrane.directory.feed.BatchCodec.END;
import static io.membrane.directory.feed.BatchCodec.PARENT_BEFORE;
import static io.membrane.directory.feed.BatchCodec.PARENT_WRITTEN;
import static io.membrane.directory.feed.BatchCodec.REMOVED;
import static io.membrane.directory.feed.BatchCodec.SLICE;
import static io.membrane.directory.feed.BatchCodec.STORED;
import static io.membrane.directory.feed.BatchCodec.TIER;
import static io.membrane.directory.feed.BatchCodec.TYPE;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.directory.location.ChangeBatch;
import io.membrane.wire.DirectoryClient;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Reads dictionaries and events of a batch, as {@link BatchCodec} draws them, into the columns that
 * the image takes; it makes no object for an event. Whatever does not fit is an {@link
 * IllegalArgumentException}, {@link ArithmeticException}, {@link IndexOutOfBoundsException} or
 * {@link java.nio.BufferUnderflowException}.
 */
final class EventReader {

  private static final int HASH_WORDS = BlockHash.BYTES / Long.BYTES;

  private final ByteBuffer in;
  private final ChangeBatch batch;
  private final List<Namespace> namespaces;
  private final List<Slice> slices;
  private final List<String> tiers;
  private final int[] namespaceNumbers;
  private final int[] tierNumbers;

  /** Words of a block's hash, then of its parent's. */
  private final long[] hashes = new long[2 * HASH_WORDS];

  /** Words of the hash that was stored last. */
  private final long[] before = new long[HASH_WORDS];

  private boolean hasBefore;
  private int lastSlice = -1;
  private long lastBytes;
  private int lastForm;

  /** Reads the dictionaries, which stand before the events. */
  EventReader(ByteBuffer in, ChangeBatch batch) {
    this.in = in;
    this.batch = batch;
    this.namespaces = list(in, EventReader::namespace);
    this.slices = list(in, buffer -> Slice.parse(string(buffer)));
    this.tiers = list(in, EventReader::string);
    this.namespaceNumbers = namespaces.stream().mapToInt(batch::namespace).toArray();
    this.tierNumbers = tiers.stream().mapToInt(batch::tier).toArray();
  }

  /** Adds the events to the batch. */
  void read() {
    int count = count(in);
    if (count > DirectoryClient.MAX_EVENTS) {
      throw new IllegalArgumentException("a batch has " + count + " events");
    }
    for (int i = 0; i < count; i++) {
      event();
    }
  }

  private void event() {
    int head = in.get() & 0xff;
    switch (head & TYPE) {
      case STORED -> stored(head);
      case REMOVED -> {
        hash(0);
        int form = (head & SLICE) == 0 ? ChangeBatch.ANY : form(count(in), 0);
        int tier = (head & TIER) == 0 ? ChangeBatch.ANY : tierNumbers[count(in)];
        batch.removed(hashes, form, tier);
      }
      case CLEARED -> batch.cleared();
      default -> throw unknown(head);
    }
  }

  private void stored(int head) {
    hash(0);
    int parent = head & (PARENT_BEFORE | PARENT_WRITTEN);
    switch (parent) {
      case 0 -> {}
      case PARENT_BEFORE -> {
        if (!hasBefore) {
          throw new IllegalArgumentException("a first event has no stored event before it");
        }
        System.arraycopy(before, 0, hashes, HASH_WORDS, HASH_WORDS);
      }
      case PARENT_WRITTEN -> hash(HASH_WORDS);
      default -> throw unknown(head);
    }
    System.arraycopy(hashes, 0, before, 0, HASH_WORDS);
    hasBefore = true;
    int namespace = count(in);
    int slice = count(in);
    int tier = tierNumbers[count(in)];
    int blockIndex = count(in);
    var _ = Math.multiplyExact(blockIndex + 1, namespaces.get(namespace).blockTokens());
    int form = form(slice, (head & BYTES) == 0 ? 0 : number(in));
    long end = (head & END) == 0 ? Long.MAX_VALUE : number(in);
    batch.stored(hashes, parent != 0, namespaceNumbers[namespace], blockIndex, form, tier, end);
  }

  /** Nearly all events of a batch are of the form of the one before. */
  private int form(int slice, long bytes) {
    if (slice != lastSlice || bytes != lastBytes) {
      lastForm = batch.form(slices.get(slice), bytes);
      lastSlice = slice;
      lastBytes = bytes;
    }
    return lastForm;
  }

  private void hash(int to) {
    for (int i = 0; i < HASH_WORDS; i++) {
      hashes[to + i] = in.getLong();
    }
  }

  private static IllegalArgumentException unknown(int head) {
    return new IllegalArgumentException("an event of the unknown form " + head);
  }

  private static Namespace namespace(ByteBuffer in) {
    return new Namespace(string(in), string(in), string(in), count(in));
  }

  static String string(ByteBuffer in) {
    byte[] utf8 = new byte[Math.min(count(in), in.remaining() + 1)];
    in.get(utf8);
    return new String(utf8, UTF_8);
  }

  private static <T> List<T> list(ByteBuffer in, Function<ByteBuffer, T> element) {
    int count = count(in);
    List<T> list = new ArrayList<>(Math.min(count, in.remaining()));
    for (int i = 0; i < count; i++) {
      list.add(element.apply(in));
    }
    return list;
  }

  private static int count(ByteBuffer in) {
    int count = Math.toIntExact(number(in));
    if (count < 0) {
      throw new IllegalArgumentException("a count is negative");
    }
    return count;
  }

  private static long number(ByteBuffer in) {
    long number = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = in.get();
      number |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return number;
      }
    }
    throw new IllegalArgumentException("a number does not end");
  }
}
