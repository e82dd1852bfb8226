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

import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.Numbered;
import org.jspecify.annotations.Nullable;

/**
 * Some events of a batch and their dictionaries, as {@link BatchCodec} draws them. What no event
 * among them names is in no dictionary.
 */
final class EventWriter {

  private static final int NONE = -1;

  private final ChangeBatch batch;
  private final Numbered<Namespace> namespaces = new Numbered<>();
  private final Numbered<Slice> slices = new Numbered<>();
  private final Numbered<String> tiers = new Numbered<>();
  private final ByteWriter events = new ByteWriter();
  private int count;

  /** The stored event before. */
  private int before = NONE;

  /** Nearly all events name what the one before names. */
  private @Nullable Namespace lastNamespace;

  private int lastForm = NONE;
  private int lastTier = NONE;
  private int namespaceIndex;
  private int sliceIndex;
  private int tierIndex;

  EventWriter(ChangeBatch batch) {
    this.batch = batch;
  }

  /** Adds the batch's event of this number. */
  void add(int event) {
    count++;
    switch (batch.type(event)) {
      case STORED -> stored(event);
      case REMOVED -> removed(event);
      case CLEARED -> events.u8(CLEARED);
    }
  }

  private void stored(int event) {
    boolean follows = before != NONE && batch.isChild(event, before);
    int relation = !batch.hasParent(event) ? 0 : follows ? PARENT_BEFORE : PARENT_WRITTEN;
    long bytes = batch.bytes(event);
    long end = batch.expiresAtMs(event);
    events.u8(STORED | relation | (bytes == 0 ? 0 : BYTES) | (end == Long.MAX_VALUE ? 0 : END));
    events.hash(batch.keys(), batch.keyAt(event));
    if (relation == PARENT_WRITTEN) {
      events.hash(batch.keys(), batch.parentAt(event));
    }
    events.number(namespace(event));
    events.number(slice(event));
    events.number(tier(event));
    events.number(batch.blockIndex(event));
    if (bytes != 0) {
      events.number(bytes);
    }
    if (end != Long.MAX_VALUE) {
      events.number(end);
    }
    before = event;
  }

  private void removed(int event) {
    boolean ofSlice = batch.formOf(event) != ChangeBatch.ANY;
    boolean ofTier = batch.tierOf(event) != ChangeBatch.ANY;
    events.u8(REMOVED | (ofSlice ? SLICE : 0) | (ofTier ? TIER : 0));
    events.hash(batch.keys(), batch.keyAt(event));
    if (ofSlice) {
      events.number(slice(event));
    }
    if (ofTier) {
      events.number(tier(event));
    }
  }

  private int namespace(int event) {
    Namespace namespace = batch.namespaceOf(event);
    if (!namespace.equals(lastNamespace)) {
      lastNamespace = namespace;
      namespaceIndex = namespaces.number(namespace);
    }
    return namespaceIndex;
  }

  private int slice(int event) {
    if (batch.formOf(event) != lastForm) {
      lastForm = batch.formOf(event);
      sliceIndex = slices.number(batch.slice(event));
    }
    return sliceIndex;
  }

  private int tier(int event) {
    if (batch.tierOf(event) != lastTier) {
      lastTier = batch.tierOf(event);
      tierIndex = tiers.number(batch.tier(event));
    }
    return tierIndex;
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
