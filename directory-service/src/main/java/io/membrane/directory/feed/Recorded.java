package io.membrane.directory.feed;

import io.membrane.rpc.WireJson;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import org.jspecify.annotations.Nullable;

/**
 * An entry as the log holds it.
 *
 * @param json null if the stream entry lacks the field {@link LogEntry#FIELD}
 */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
record Recorded(LogPosition position, byte @Nullable [] json) {

  /**
   * What it says.
   *
   * @throws RuntimeException if it says nothing that this version understands
   */
  LogEntry entry() {
    if (json == null) {
      throw new IllegalArgumentException("it has no field '" + LogEntry.FIELD + "'");
    }
    LogEntry entry = WireJson.mapper().readValue(json, LogEntry.class);
    if (entry == null) {
      throw new IllegalArgumentException("it is null");
    }
    return entry;
  }
}
