package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.lettuce.core.Range;
import io.lettuce.core.XAddArgs;
import io.membrane.block.FragmentKey;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.LogEntry;
import java.util.Map;

/** Appends to the stream that the directory follows. */
final class EventLog {

  private static final String TIER = "redis";
  private static final byte[] STREAM = LogEntry.STREAM.getBytes(US_ASCII);
  private static final byte[] FIELD = LogEntry.FIELD.getBytes(US_ASCII);

  private final RedisCalls redis;
  private final FragmentStore.Settings settings;

  EventLog(RedisCalls redis, FragmentStore.Settings settings) {
    this.redis = redis;
    this.settings = settings;
  }

  String stored(Fragment.Description fragment) {
    return append(
        new Event(
            EventType.STORED,
            fragment.meta().namespace(),
            fragment.key().hash(),
            fragment.meta().parent(),
            fragment.key().slice(),
            fragment.bytes(),
            TIER,
            fragment.meta().tokenSpan(),
            fragment.expiresAtMs()));
  }

  String removed(FragmentKey key) {
    return append(
        new Event(EventType.REMOVED, null, key.hash(), null, key.slice(), null, TIER, null, null));
  }

  /** Whether the entry is still there: a log may be trimmed, or lost. */
  boolean holds(String position) {
    return !redis
        .one("holds", commands -> commands.xrange(STREAM, Range.create(position, position)))
        .isEmpty();
  }

  private String append(Event event) {
    byte[] entry =
        WireJson.mapper()
            .writeValueAsBytes(
                new LogEntry(settings.node(), settings.cluster(), null, null, event));
    XAddArgs trim = XAddArgs.Builder.maxlen(settings.logLength()).approximateTrimming();
    return redis.one("append", commands -> commands.xadd(STREAM, trim, Map.of(FIELD, entry)));
  }
}
