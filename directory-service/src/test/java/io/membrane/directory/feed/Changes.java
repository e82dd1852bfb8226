package io.membrane.directory.feed;

import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.LogEntry;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a batch says, to be compared. */
record Changes(Source source, @Nullable NodeProgress first, List<LogEntry> events) {

  static Changes of(ChangeBatch batch) {
    return new Changes(batch.source(), batch.first(), batch.entries());
  }

  /** What an entry of the log says that is a batch. */
  static Changes of(Recorded recorded) {
    ChangeBatch batch = new ChangeBatch();
    BatchCodec.decode(recorded.value(), batch);
    return of(batch);
  }

  static Changes of(LogBatch batch) {
    NodeProgress first =
        batch.epoch() == null || batch.sequence() == null
            ? null
            : new NodeProgress(batch.epoch(), batch.sequence());
    ChangeBatch changes =
        new ChangeBatch(new Source(batch.cluster(), batch.node(), batch.domain()), first);
    batch.events().forEach(event -> add(event, changes));
    return of(changes);
  }

  private static void add(Event event, ChangeBatch batch) {
    int form =
        event.slice() == null
            ? ChangeBatch.ANY
            : batch.form(event.slice(), Objects.requireNonNullElse(event.bytes(), 0L));
    int tier = event.tier() == null ? ChangeBatch.ANY : batch.tier(event.tier());
    switch (event.type()) {
      case STORED -> {
        var namespace = Objects.requireNonNull(event.namespace());
        batch.stored(
            Objects.requireNonNull(event.blockHash()),
            event.parentHash(),
            batch.namespace(namespace),
            Objects.requireNonNull(event.tokenSpan()).from() / namespace.blockTokens(),
            form,
            tier,
            Objects.requireNonNullElse(event.expiresAtMs(), Long.MAX_VALUE));
      }
      case REMOVED -> batch.removed(Objects.requireNonNull(event.blockHash()), form, tier);
      case CLEARED -> batch.cleared();
    }
  }
}
