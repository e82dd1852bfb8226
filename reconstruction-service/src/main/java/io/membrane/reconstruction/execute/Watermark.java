package io.membrane.reconstruction.execute;

import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The greatest event-log position that this process was told of: a directory that answers from
 * there or later knows all that was stored by contexts of this process. Thread-safe.
 */
final class Watermark {

  private static final Pattern FORM = Pattern.compile("(\\d{1,18})-(\\d{1,18})");

  private record Position(long ms, long sequence) {
    boolean after(@Nullable Position other) {
      return other == null || ms > other.ms || (ms == other.ms && sequence > other.sequence);
    }
  }

  private final AtomicReference<@Nullable Position> greatest = new AtomicReference<>();

  /** The position as it stands on the wire, or null before the first. */
  @Nullable String position() {
    Position now = greatest.get();
    return now == null ? null : now.ms + "-" + now.sequence;
  }

  /** Whether {@code position} is one. */
  static boolean isPosition(String position) {
    return FORM.matcher(position).matches();
  }

  /** Raises the mark; one that is lower or null changes nothing. */
  void seen(@Nullable String position) {
    if (position == null) {
      return;
    }
    Matcher m = FORM.matcher(position);
    if (!m.matches()) {
      throw new IllegalArgumentException("a log position is <ms>-<sequence>, not " + position);
    }
    Position seen = new Position(Long.parseLong(m.group(1)), Long.parseLong(m.group(2)));
    greatest.accumulateAndGet(seen, (a, b) -> b != null && b.after(a) ? b : a);
  }
}
