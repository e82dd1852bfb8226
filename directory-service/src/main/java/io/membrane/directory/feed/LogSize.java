package io.membrane.directory.feed;

import io.membrane.wire.LogPosition;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of the log as its reader has seen them, page by page: Redis limits a stream by entries
 * alone, and a batch may be a thousand times as large as an event. For one thread.
 */
final class LogSize {

  private record Read(LogPosition last, long bytes) {}

  /** Beside an entry's value: its id, the field's name, and what Redis keeps for each. */
  private static final int ENTRY_BYTES = 50;

  private final Deque<Read> pages = new ArrayDeque<>();
  private long bytes;

  /** Counts a page; returns its bytes. */
  long add(Page page) {
    long more = page.entries().stream().mapToLong(r -> r.value().length + ENTRY_BYTES).sum();
    if (more > 0) {
      pages.add(new Read(page.entries().getLast().position(), more));
      bytes += more;
    }
    return more;
  }

  /** Goes on from a position up to which the log held so many bytes. */
  void restore(LogPosition last, long logBytes) {
    pages.add(new Read(last, logBytes));
    bytes += logBytes;
  }

  /** Bytes that were read and not trimmed. */
  long bytes() {
    return bytes;
  }

  /**
   * The position before which entries have to go so that {@code maxBytes} are left, or null if none
   * have to. They count as gone from then on.
   */
  @Nullable LogPosition trimTo(long maxBytes) {
    LogPosition end = null;
    while (bytes > maxBytes && pages.size() > 1) {
      Read oldest = pages.remove();
      bytes -= oldest.bytes();
      end = oldest.last();
    }
    return end;
  }

  void clear() {
    pages.clear();
    bytes = 0;
  }
}
