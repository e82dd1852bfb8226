package io.membrane.fragment.peers;

import io.membrane.fragment.store.FragmentMetric;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Counts what becomes of questions and hints. */
final class PeerMeters {

  /** What became of a question for a fragment. */
  enum Read {
    HIT,
    ABSENT,
    WRONG,
    FAILED,
    AVOIDED
  }

  /** What became of a hint. */
  enum Hint {
    SENT,
    FAILED,
    DROPPED
  }

  private final Map<Read, Counter> reads = new EnumMap<>(Read.class);
  private final Map<Hint, Counter> hints = new EnumMap<>(Hint.class);
  private final Counter moved;

  PeerMeters(MeterRegistry meters) {
    for (Read outcome : Read.values()) {
      reads.put(outcome, counter(meters, FragmentMetric.PEER_READS, outcome));
    }
    for (Hint outcome : Hint.values()) {
      hints.put(outcome, counter(meters, FragmentMetric.HINTS, outcome));
    }
    moved = meters.counter(FragmentMetric.HOMES_MOVED.meter());
  }

  private static Counter counter(MeterRegistry meters, FragmentMetric metric, Enum<?> outcome) {
    return meters.counter(metric.meter(), "outcome", outcome.name().toLowerCase(Locale.ROOT));
  }

  void read(Read outcome, int fragments) {
    Objects.requireNonNull(reads.get(outcome)).increment(fragments);
  }

  void hint(Hint outcome, int fragments) {
    Objects.requireNonNull(hints.get(outcome)).increment(fragments);
  }

  void moved(int fragments) {
    moved.increment(fragments);
  }
}
