package io.membrane.directory;

import io.membrane.directory.feed.LogTail;
import io.membrane.directory.location.Image;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.Miss;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;

/** Counts what the directory does. */
final class DirectoryMetrics {

  private final MeterRegistry meters;

  DirectoryMetrics(MeterRegistry meters, Image image, LogTail tail) {
    this.meters = meters;
    Gauge.builder(DirectoryMetric.BLOCKS.id(), image, Image::blocks).register(meters);
    Gauge.builder(DirectoryMetric.NODES.id(), image, Image::nodes).register(meters);
    Gauge.builder(DirectoryMetric.COPIES.id(), image, Image::copies).register(meters);
    Gauge.builder(DirectoryMetric.LOG_LAG.id(), tail, t -> t.lagMs() / 1000.0)
        .baseUnit("seconds")
        .register(meters);
    Gauge.builder(DirectoryMetric.LOG_CAUGHT_UP.id(), tail, t -> t.isCaughtUp() ? 1 : 0)
        .register(meters);
    Gauge.builder(DirectoryMetric.DOUBTFUL.id(), tail, t -> t.isDoubtful() ? 1 : 0)
        .register(meters);
    FunctionCounter.builder(DirectoryMetric.LOG_GAPS.id(), image, Image::gaps).register(meters);
    meters.counter(DirectoryMetric.MATCHES_BEHIND.id());
    for (LogTail.Outcome outcome : LogTail.Outcome.values()) {
      FunctionCounter.builder(DirectoryMetric.LOG_ENTRIES.id(), tail, t -> t.count(outcome))
          .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
          .register(meters);
    }
  }

  void matched(MatchResponse answer) {
    String outcome = "partial";
    if (answer.best() == null) {
      outcome = "none";
    } else if (answer.best().matchedBlocks() == answer.totalBlocks()) {
      outcome = "full";
    }
    meters.counter(DirectoryMetric.MATCHES.id(), "outcome", outcome).increment();
  }

  void missed(Miss why) {
    String reason = why.reason().name().toLowerCase(Locale.ROOT);
    meters.counter(DirectoryMetric.MISSES.id(), "reason", reason).increment();
  }

  void answeredBehind() {
    meters.counter(DirectoryMetric.MATCHES_BEHIND.id()).increment();
  }
}
