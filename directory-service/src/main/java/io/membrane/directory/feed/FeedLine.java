package io.membrane.directory.feed;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.directory.location.KnownBlock;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.LogEntry;
import org.jspecify.annotations.Nullable;

/**
 * A line of the feed. An event has the words of {@code POST /v1/directory/events}, and besides
 * whose it is and its number.
 *
 * @param cursor where to go on after this line; null if one cannot
 * @param lagMs in {@link Type#AT}: age of the newest entry that was told, in milliseconds by Redis'
 *     clock, while others wait; 0 if none do
 * @param sequence number of the event within {@code epoch}; in {@link Type#SOURCE} that of the next
 */
public record FeedLine(
    Type type,
    @Nullable String cursor,
    @Nullable Long lagMs,
    @Nullable String node,
    @Nullable String cluster,
    @Nullable String domain,
    @Nullable Long epoch,
    @Nullable Long sequence,
    @Nullable Namespace namespace,
    @Nullable BlockHash blockHash,
    @Nullable BlockHash parentHash,
    @Nullable Slice slice,
    @Nullable Long bytes,
    @Nullable String tier,
    @Nullable TokenSpan tokenSpan,
    @Nullable Long expiresAtMs) {

  /** What a line says. */
  public enum Type {
    STORED,
    REMOVED,
    CLEARED,
    /** From here on all that there is is told; what was told before will not hold after it. */
    RESET,
    /** After a reset: how far a source is that numbers its events. */
    SOURCE,
    /** All that there is was told. */
    COMPLETE,
    /** The directory is there; how far it is. */
    AT
  }

  static FeedLine of(LogEntry entry, @Nullable String cursor) {
    Event event = entry.event();
    return new FeedLine(
        Type.valueOf(event.type().name()),
        cursor,
        null,
        entry.node(),
        entry.cluster(),
        entry.domain(),
        entry.epoch(),
        entry.sequence(),
        event.namespace(),
        event.blockHash(),
        event.parentHash(),
        event.slice(),
        event.bytes(),
        event.tier(),
        event.tokenSpan(),
        event.expiresAtMs());
  }

  static FeedLine of(KnownBlock block, KnownBlock.Copy copy) {
    Source source = copy.place().source();
    Event event =
        new Event(
            EventType.STORED,
            block.namespace(),
            block.hash(),
            block.parent(),
            copy.slice(),
            copy.bytes(),
            copy.place().tier(),
            block.tokenSpan(),
            copy.expiresAtMs() == Long.MAX_VALUE ? null : Long.valueOf(copy.expiresAtMs()));
    return of(
        new LogEntry(source.node(), source.cluster(), source.domain(), null, null, event), null);
  }

  static FeedLine of(Source source, NodeProgress reached) {
    return bare(Type.SOURCE, null, null, source, reached);
  }

  static FeedLine reset() {
    return bare(Type.RESET, null, null, null, null);
  }

  static FeedLine complete(FeedCursor cursor) {
    return bare(Type.COMPLETE, cursor, null, null, null);
  }

  static FeedLine at(FeedCursor cursor, long lagMs) {
    return bare(Type.AT, cursor, lagMs, null, null);
  }

  private static FeedLine bare(
      Type type,
      @Nullable FeedCursor cursor,
      @Nullable Long lagMs,
      @Nullable Source source,
      @Nullable NodeProgress reached) {
    return new FeedLine(
        type,
        cursor == null ? null : cursor.toString(),
        lagMs,
        source == null ? null : source.node(),
        source == null ? null : source.cluster(),
        source == null ? null : source.domain(),
        reached == null ? null : Long.valueOf(reached.epoch()),
        reached == null ? null : Long.valueOf(reached.nextSequence()),
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null);
  }

  /**
   * The event that the line tells of, as an entry of its log.
   *
   * @throws IllegalArgumentException if it tells of none
   */
  public LogEntry entry() {
    EventType event =
        switch (type) {
          case STORED -> EventType.STORED;
          case REMOVED -> EventType.REMOVED;
          case CLEARED -> EventType.CLEARED;
          case RESET, SOURCE, COMPLETE, AT ->
              throw new IllegalArgumentException("a line of type " + type + " is no event");
        };
    return new LogEntry(
        named(node, "node"),
        named(cluster, "cluster"),
        named(domain, "domain"),
        epoch,
        sequence,
        new Event(
            event, namespace, blockHash, parentHash, slice, bytes, tier, tokenSpan, expiresAtMs));
  }

  /**
   * Whose progress the line tells of.
   *
   * @throws IllegalArgumentException if it does not say so
   */
  public Source source(String region) {
    return new Source(
        region, named(cluster, "cluster"), named(node, "node"), named(domain, "domain"));
  }

  /**
   * How far that is.
   *
   * @throws IllegalArgumentException if the line does not say so
   */
  public NodeProgress progress() {
    if (epoch == null || sequence == null) {
      throw new IllegalArgumentException("a line of type " + type + " needs epoch and sequence");
    }
    return new NodeProgress(epoch, sequence);
  }

  private static String named(@Nullable String value, String what) {
    if (value == null) {
      throw new IllegalArgumentException("a line of an event needs " + what);
    }
    return value;
  }
}
