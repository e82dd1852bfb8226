package io.membrane.directory.feed;

import io.membrane.rpc.WireJson;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import org.jspecify.annotations.Nullable;

/**
 * A stream entry as the log holds it.
 *
 * @param field name of the field that was found, or null if there was none that is known
 * @param value what the field holds; empty with a null field
 */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
record Recorded(LogPosition position, @Nullable String field, byte[] value) {

  /**
   * What it says.
   *
   * @throws RuntimeException if it says nothing that this version understands
   */
  LogBatch batch() {
    if (field == null) {
      throw new IllegalArgumentException(
          "it has neither a field '" + LogEntry.FIELD + "' nor '" + LogEntry.BATCH_FIELD + "'");
    }
    return field.equals(LogEntry.BATCH_FIELD)
        ? BatchCodec.decode(value)
        : LogBatch.of(WireJson.mapper().readValue(value, LogEntry.class));
  }
}
