package io.membrane.fragment.transfer;

import io.membrane.fragment.store.FragmentMetric;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Counts what a transfer does. Thread-safe. */
final class Progress {

  /** How a fragment that was missing ended. */
  enum Outcome {
    STORED,
    SAME,
    GONE,
    CONFLICT,
    FAILED;

    String tag() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final int MOST_FAILURES = 10;

  private final String id;
  private final URI from;
  private final Clock clock;
  private final MeterRegistry meters;
  private final long startedAtMs;
  private final List<TransferState.Failure> failures = new ArrayList<>();
  private TransferState.Phase phase = TransferState.Phase.RUNNING;
  private @Nullable String reason;
  private @Nullable Long endedAtMs;
  private long missing;
  private long done;
  private long gone;
  private long failed;
  private long conflicts;
  private long bytes;
  private long questions;
  private long exchangeBytes;
  private long retries;

  Progress(String id, URI from, Clock clock, MeterRegistry meters) {
    this.id = id;
    this.from = from;
    this.clock = clock;
    this.meters = meters;
    this.startedAtMs = clock.millis();
  }

  /** Makes the meters, so that they are there before the first transfer. */
  static void register(MeterRegistry meters) {
    meters.counter(FragmentMetric.TRANSFER_BYTES.meter());
    meters.timer(FragmentMetric.TRANSFER_WAIT.meter());
    for (Outcome outcome : Outcome.values()) {
      meters.counter(FragmentMetric.TRANSFER_FRAGMENTS.meter(), "outcome", outcome.tag());
    }
  }

  synchronized void missing(int more) {
    missing += more;
  }

  /** Payload bytes that have come. */
  synchronized void received(long more) {
    bytes += more;
    meters.counter(FragmentMetric.TRANSFER_BYTES.meter()).increment((double) more);
  }

  /** An answer has come; so many bytes with its question. */
  synchronized void exchanged(long more) {
    questions++;
    exchangeBytes += more;
  }

  synchronized void retried() {
    retries++;
  }

  /** Other bytes are there than here. */
  synchronized void conflict() {
    conflicts++;
    count(Outcome.CONFLICT);
  }

  synchronized void ended(Outcome outcome) {
    switch (outcome) {
      case STORED, SAME -> done++;
      case GONE -> gone++;
      case CONFLICT -> conflicts++;
      case FAILED -> failed++;
    }
    count(outcome);
  }

  synchronized void failed(String key, String why) {
    ended(Outcome.FAILED);
    if (failures.size() < MOST_FAILURES) {
      failures.add(new TransferState.Failure(key, why));
    }
  }

  private void count(Outcome outcome) {
    meters.counter(FragmentMetric.TRANSFER_FRAGMENTS.meter(), "outcome", outcome.tag()).increment();
  }

  /** Everything that has come, to see whether anything has. */
  synchronized long sign() {
    return bytes + exchangeBytes;
  }

  synchronized void end(TransferState.Phase as, @Nullable String why) {
    phase = as;
    reason = why;
    endedAtMs = clock.millis();
  }

  synchronized TransferState state() {
    long ms = Math.max(1, (endedAtMs == null ? clock.millis() : endedAtMs) - startedAtMs);
    return new TransferState(
        id,
        from,
        phase,
        missing,
        done,
        gone,
        failed,
        conflicts,
        bytes,
        questions,
        exchangeBytes,
        retries,
        bytes * 1000 / ms,
        failures,
        reason,
        startedAtMs,
        endedAtMs);
  }
}
