package io.membrane.reconstruction.execute;

import io.membrane.wire.LogPosition;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The greatest event-log position that this process was told of: a directory that answers from
 * there or later knows all that was stored by contexts of this process. Thread-safe.
 */
final class Watermark {

  private final AtomicReference<@Nullable LogPosition> greatest = new AtomicReference<>();

  /** The position as it stands on the wire, or null before the first. */
  @Nullable String position() {
    LogPosition now = greatest.get();
    return now == null ? null : now.toString();
  }

  /**
   * Raises the mark; one that is lower or null changes nothing.
   *
   * @throws IllegalArgumentException if it is no position
   */
  void seen(@Nullable String position) {
    if (position == null) {
      return;
    }
    LogPosition seen = LogPosition.parse(position);
    greatest.updateAndGet(now -> now == null || seen.compareTo(now) > 0 ? seen : now);
  }
}
