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
import io.membrane.block.TokenSpan;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads dictionaries and events of a batch, as {@link BatchCodec} draws them. Whatever does not fit
 * is an {@link IllegalArgumentException}, {@link ArithmeticException}, {@link
 * IndexOutOfBoundsException} or {@link java.nio.BufferUnderflowException}.
 */
final class EventReader {

  private final ByteBuffer in;
  private final List<Namespace> namespaces;
  private final List<Slice> slices;
  private final List<String> tiers;
  private @Nullable BlockHash before;

  /** Reads the dictionaries, which stand before the events. */
  EventReader(ByteBuffer in) {
    this.in = in;
    this.namespaces = list(in, EventReader::namespace);
    this.slices = list(in, buffer -> Slice.parse(string(buffer)));
    this.tiers = list(in, EventReader::string);
  }

  /** The events. */
  List<Event> events() {
    int count = count(in);
    if (count > DirectoryClient.MAX_EVENTS) {
      throw new IllegalArgumentException("a batch has " + count + " events");
    }
    List<Event> events = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      events.add(event());
    }
    return events;
  }

  private Event event() {
    int head = in.get() & 0xff;
    return switch (head & TYPE) {
      case STORED -> stored(head);
      case REMOVED -> {
        BlockHash hash = hash(in);
        Slice slice = (head & SLICE) == 0 ? null : slices.get(count(in));
        String tier = (head & TIER) == 0 ? null : tiers.get(count(in));
        yield new Event(EventType.REMOVED, null, hash, null, slice, null, tier, null, null);
      }
      case CLEARED -> new Event(EventType.CLEARED, null, null, null, null, null, null, null, null);
      default -> throw unknown(head);
    };
  }

  private Event stored(int head) {
    BlockHash hash = hash(in);
    BlockHash parent =
        switch (head & (PARENT_BEFORE | PARENT_WRITTEN)) {
          case 0 -> null;
          case PARENT_BEFORE -> storedBefore();
          case PARENT_WRITTEN -> hash(in);
          default -> throw unknown(head);
        };
    before = hash;
    Namespace namespace = namespaces.get(count(in));
    Slice slice = slices.get(count(in));
    String tier = tiers.get(count(in));
    int from = Math.multiplyExact(count(in), namespace.blockTokens());
    return new Event(
        EventType.STORED,
        namespace,
        hash,
        parent,
        slice,
        (head & BYTES) == 0 ? null : Long.valueOf(number(in)),
        tier,
        new TokenSpan(from, Math.addExact(from, namespace.blockTokens())),
        (head & END) == 0 ? null : Long.valueOf(number(in)));
  }

  private BlockHash storedBefore() {
    if (before == null) {
      throw new IllegalArgumentException("a first event has no stored event before it");
    }
    return before;
  }

  private static IllegalArgumentException unknown(int head) {
    return new IllegalArgumentException("an event of the unknown form " + head);
  }

  private static Namespace namespace(ByteBuffer in) {
    return new Namespace(string(in), string(in), string(in), count(in));
  }

  private static BlockHash hash(ByteBuffer in) {
    return new BlockHash(in.getLong(), in.getLong(), in.getLong(), in.getLong());
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
