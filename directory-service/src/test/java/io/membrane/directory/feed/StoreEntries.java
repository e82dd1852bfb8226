package io.membrane.directory.feed;

import io.membrane.rpc.WireJson;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Writes to the log as the fragment store does: each event an entry, as JSON. */
final class StoreEntries {

  private StoreEntries() {}

  /** Position of the last one. */
  static LogPosition append(StringRedisTemplate redis, List<LogEntry> entries) {
    LogPosition at = LogPosition.START;
    for (LogEntry entry : entries) {
      String json = WireJson.mapper().writeValueAsString(entry);
      at =
          LogPosition.parse(
              Objects.requireNonNull(
                      redis.opsForStream().add(LogEntry.STREAM, Map.of(LogEntry.FIELD, json)))
                  .getValue());
    }
    return at;
  }
}
