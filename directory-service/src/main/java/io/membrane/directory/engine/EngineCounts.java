package io.membrane.directory.engine;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** What this replica counted of all engines that it follows or followed. Thread-safe. */
public final class EngineCounts {

  /** What is counted. */
  public enum Count {
    /** Messages whose events were taken. */
    APPLIED,
    /** Messages that came twice. */
    DUPLICATE,
    /** Messages that could not be read. */
    UNREADABLE,
    /** Times that messages were missing. */
    GAP,
    /** Times that an engine began anew. */
    RESTART
  }

  private final Map<Count, LongAdder> counts = new EnumMap<>(Count.class);

  /** All zero. */
  public EngineCounts() {
    for (Count count : Count.values()) {
      counts.put(count, new LongAdder());
    }
  }

  /** How many there were so far. */
  public long of(Count count) {
    return adder(count).sum();
  }

  void add(Count count, long more) {
    adder(count).add(more);
  }

  private LongAdder adder(Count count) {
    return Objects.requireNonNull(counts.get(count));
  }
}
