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

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.wire.DirectoryClient.Event;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The events of a batch and their dictionaries, as {@link BatchCodec} draws them. */
final class EventWriter {

  private final Dictionary<Namespace> namespaces = new Dictionary<>();
  private final Dictionary<Slice> slices = new Dictionary<>();
  private final Dictionary<String> tiers = new Dictionary<>();
  private final ByteWriter events = new ByteWriter();
  private int count;
  private @Nullable BlockHash before;

  /** Adds a checked event. */
  void add(Event event) {
    count++;
    switch (event.type()) {
      case STORED -> stored(event);
      case REMOVED -> removed(event);
      case CLEARED -> events.u8(CLEARED);
    }
  }

  private void stored(Event event) {
    BlockHash parent = event.parentHash();
    int relation = parent == null ? 0 : parent.equals(before) ? PARENT_BEFORE : PARENT_WRITTEN;
    Namespace namespace = Objects.requireNonNull(event.namespace());
    BlockHash hash = Objects.requireNonNull(event.blockHash());
    events.u8(
        STORED
            | relation
            | (event.bytes() == null ? 0 : BYTES)
            | (event.expiresAtMs() == null ? 0 : END));
    events.hash(hash);
    if (parent != null && relation == PARENT_WRITTEN) {
      events.hash(parent);
    }
    events.number(namespaces.indexOf(namespace));
    events.number(slices.indexOf(Objects.requireNonNull(event.slice())));
    events.number(tiers.indexOf(Objects.requireNonNull(event.tier())));
    events.number(Objects.requireNonNull(event.tokenSpan()).from() / namespace.blockTokens());
    if (event.bytes() != null) {
      events.number(event.bytes());
    }
    if (event.expiresAtMs() != null) {
      events.number(event.expiresAtMs());
    }
    before = hash;
  }

  private void removed(Event event) {
    events.u8(REMOVED | (event.slice() == null ? 0 : SLICE) | (event.tier() == null ? 0 : TIER));
    events.hash(Objects.requireNonNull(event.blockHash()));
    if (event.slice() != null) {
      events.number(slices.indexOf(event.slice()));
    }
    if (event.tier() != null) {
      events.number(tiers.indexOf(event.tier()));
    }
  }

  /** Writes the dictionaries, the count and the events. */
  void writeTo(ByteWriter out) {
    out.number(namespaces.values().size());
    for (Namespace namespace : namespaces.values()) {
      out.string(namespace.model());
      out.string(namespace.revision());
      out.string(namespace.kvDtype());
      out.number(namespace.blockTokens());
    }
    out.number(slices.values().size());
    slices.values().forEach(slice -> out.string(slice.toString()));
    out.number(tiers.values().size());
    tiers.values().forEach(out::string);
    out.number(count);
    out.bytes(events.toBytes());
  }
}
