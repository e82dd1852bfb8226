package io.membrane.directory.feed;

import io.membrane.wire.LogPosition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What could not be understood of a page of the log. */
final class Skipped {

  private static final Logger log = LoggerFactory.getLogger(Skipped.class);

  private int count;
  private @Nullable LogPosition firstAt;
  private @Nullable RuntimeException first;

  void add(LogPosition at, int events, RuntimeException problem) {
    count += events;
    if (first == null) {
      first = problem;
      firstAt = at;
    }
  }

  int count() {
    return count;
  }

  /** One line for all of it, and the first problem in full. */
  void report() {
    if (first != null) {
      log.warn(
          "{} events of the log were skipped, the first at {}: {}",
          count,
          firstAt,
          first.getMessage(),
          first);
    }
  }
}
