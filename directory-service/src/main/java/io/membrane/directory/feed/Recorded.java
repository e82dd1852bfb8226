package io.membrane.directory.feed;

import io.membrane.rpc.WireJson;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A stream entry as the log holds it.
 *
 * @param field name of the field that was found, or null if there was none that is known
 * @param value what the field holds; empty with a null field
 */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
record Recorded(LogPosition position, @Nullable String field, byte[] value) {

  /** Whether it holds {@link #notes}. */
  boolean hasNotes() {
    return LogEntry.NOTES_FIELD.equals(field);
  }

  /**
   * What callers said.
   *
   * @throws RuntimeException if it says nothing that this version understands
   */
  Notes notes() {
    return Objects.requireNonNull(WireJson.mapper().readValue(value, Notes.class), "notes");
  }

  /** Whether it is a batch; with neither it is a single entry. */
  boolean isBatch() {
    return LogEntry.BATCH_FIELD.equals(field);
  }

  /**
   * What a single entry says.
   *
   * @throws RuntimeException if it says nothing that this version understands
   */
  LogEntry entry() {
    if (field == null) {
      throw new IllegalArgumentException(
          "it has no field '%s', '%s' or '%s'"
              .formatted(LogEntry.FIELD, LogEntry.BATCH_FIELD, LogEntry.NOTES_FIELD));
    }
    return Objects.requireNonNull(WireJson.mapper().readValue(value, LogEntry.class), "entry");
  }
}
