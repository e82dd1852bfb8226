package io.membrane.directory.feed;

import io.membrane.wire.LogPosition;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A part of the log, and what the log was like at that moment.
 *
 * @param life name of this log; another one after Redis came back empty
 * @param redisMs Unix time by Redis' clock
 * @param before position of the newest entry that is not after the one asked for, or null if the
 *     log holds none
 * @param isCut whether the log holds no entry before, and has lost those that a reader once saw
 * @param isLast whether the log held no more
 * @param entries the entries after the position asked for, in order
 */
record Page(
    String life,
    long redisMs,
    @Nullable LogPosition before,
    boolean isCut,
    boolean isLast,
    List<Recorded> entries) {

  Page {
    entries = List.copyOf(entries);
  }

  /**
   * Age in milliseconds of the newest entry, by Redis' clock; 0 without one.
   *
   * @param since time since this was read
   */
  long ageMs(Duration since) {
    return entries.isEmpty()
        ? 0
        : Math.max(0, redisMs + since.toMillis() - entries.getLast().position().ms());
  }
}
