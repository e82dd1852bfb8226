package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.TokenSpan;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Events as objects, and the same in columns. */
public final class EventColumns {

  private EventColumns() {}

  /**
   * Adds events to a batch that was begun.
   *
   * @param events each of them checked
   */
  public static void add(List<Event> events, ChangeBatch into) {
    events.forEach(event -> add(event, into));
  }

  private static void add(Event event, ChangeBatch into) {
    switch (event.type()) {
      case STORED -> stored(event, into);
      case REMOVED ->
          into.removed(
              Objects.requireNonNull(event.blockHash()),
              event.slice() == null ? ChangeBatch.ANY : into.form(event.slice(), 0),
              event.tier() == null ? ChangeBatch.ANY : into.tier(event.tier()));
      case CLEARED -> into.cleared();
    }
  }

  private static void stored(Event event, ChangeBatch into) {
    Namespace namespace = Objects.requireNonNull(event.namespace());
    into.stored(
        Objects.requireNonNull(event.blockHash()),
        event.parentHash(),
        into.namespace(namespace),
        Objects.requireNonNull(event.tokenSpan()).from() / namespace.blockTokens(),
        into.form(
            Objects.requireNonNull(event.slice()), Objects.requireNonNullElse(event.bytes(), 0L)),
        into.tier(Objects.requireNonNull(event.tier())),
        Objects.requireNonNullElse(event.expiresAtMs(), Long.MAX_VALUE));
  }

  /** The events as entries of the log. */
  static List<LogEntry> entries(ChangeBatch batch) {
    List<LogEntry> entries = new ArrayList<>(batch.size());
    Source source = batch.source();
    NodeProgress first = batch.first();
    for (int i = 0; i < batch.size(); i++) {
      entries.add(
          new LogEntry(
              source.node(),
              source.cluster(),
              source.domain(),
              first == null ? null : Long.valueOf(first.epoch()),
              first == null ? null : Long.valueOf(first.nextSequence() + i),
              event(batch, i)));
    }
    return entries;
  }

  private static Event event(ChangeBatch batch, int i) {
    return switch (batch.type(i)) {
      case STORED -> stored(batch, i);
      case REMOVED ->
          new Event(
              EventType.REMOVED,
              null,
              hash(batch.keys(), batch.keyAt(i)),
              null,
              batch.formOf(i) == ChangeBatch.ANY ? null : batch.slice(i),
              null,
              batch.tierOf(i) == ChangeBatch.ANY ? null : batch.tier(i),
              null,
              null);
      case CLEARED -> new Event(EventType.CLEARED, null, null, null, null, null, null, null, null);
    };
  }

  private static Event stored(ChangeBatch batch, int i) {
    Namespace namespace = batch.namespaceOf(i);
    int from = batch.blockIndex(i) * namespace.blockTokens();
    long end = batch.expiresAtMs(i);
    return new Event(
        EventType.STORED,
        namespace,
        hash(batch.keys(), batch.keyAt(i)),
        batch.hasParent(i) ? hash(batch.keys(), batch.parentAt(i)) : null,
        batch.slice(i),
        batch.bytes(i),
        batch.tier(i),
        new TokenSpan(from, from + namespace.blockTokens()),
        end == Long.MAX_VALUE ? null : Long.valueOf(end));
  }

  private static BlockHash hash(long[] keys, int at) {
    return new BlockHash(keys[at], keys[at + 1], keys[at + 2], keys[at + 3]);
  }
}
