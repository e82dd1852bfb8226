package io.membrane.reconstruction;

import io.membrane.reconstruction.execute.Flight;
import io.membrane.reconstruction.execute.Outcome;
import io.membrane.rpc.ErrorCode;
import io.membrane.wire.ReconstructionClient.ContextTimings;
import io.membrane.wire.ReconstructionClient.Coverage;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.springframework.stereotype.Component;

/** Counts and times contexts. */
@Component
class ContextMetrics {

  private final MeterRegistry meters;
  private final Counter saved;

  ContextMetrics(MeterRegistry meters) {
    this.meters = meters;
    meters.counter(Metric.CORRUPT_FRAGMENTS.id());
    meters.counter(Metric.LOST_EXPLANATIONS.id());
    this.saved = Counter.builder(Metric.SAVED.id()).baseUnit("seconds").register(meters);
  }

  void answered(Outcome outcome) {
    count(Metric.CONTEXTS, "outcome", name(outcome.response().coverage()), 1);
  }

  /** The work is done, whatever becomes of the answer. */
  void reconstructed(Outcome outcome) {
    Coverage coverage = outcome.response().coverage();
    int shifted = Objects.requireNonNullElse(coverage.shiftedTokens(), 0);
    int approximate = Objects.requireNonNullElse(coverage.approximateTokens(), 0);
    count(Metric.TOKENS, "source", "fragment", coverage.reusedTokens() - shifted - approximate);
    count(Metric.TOKENS, "source", "approximate", approximate);
    count(Metric.TOKENS, "source", "shifted", shifted);
    count(Metric.TOKENS, "source", "prefill", coverage.prefilledTokens());
    count(Metric.TOKENS, "source", "missing", coverage.missingTokens());
    meters.counter(Metric.STALE_BLOCKS.id()).increment(outcome.staleBlocks());
    meters
        .counter(Metric.DECLINED_TOKENS.id())
        .increment((double) outcome.declinedBlocks() * outcome.response().blockTokens());
    outcome
        .notReused()
        .forEach((reason, tokens) ->
            count(Metric.MISSED_TOKENS, "reason", reason.name().toLowerCase(Locale.ROOT), tokens));
    saved.increment(outcome.savedMs() / 1e3);
    if (outcome.flight() != Flight.NONE) {
      count(Metric.FLIGHTS, "flight", outcome.flight().name().toLowerCase(Locale.ROOT), 1);
    }
    ContextTimings timings = outcome.response().timingsMs();
    time("hash", timings.hash());
    time("match", timings.match());
    time("route", timings.route());
    time("fetch", timings.fetch());
    time("prefill", timings.prefill());
    time("store", timings.store());
    time("wait", outcome.waitedMs());
    time("total", timings.total());
  }

  void failed(ErrorCode code) {
    count(Metric.CONTEXTS, "outcome", code.code(), 1);
  }

  void corruptFragments(int fragments) {
    meters.counter(Metric.CORRUPT_FRAGMENTS.id()).increment(fragments);
  }

  void lostExplanation() {
    meters.counter(Metric.LOST_EXPLANATIONS.id()).increment();
  }

  private static String name(Coverage coverage) {
    if (coverage.missingTokens() > 0) {
      return "missing";
    }
    if (coverage.reusedTokens() == 0) {
      return "prefilled";
    }
    return coverage.prefilledTokens() == 0 ? "reused" : "partial";
  }

  private void count(Metric metric, String tag, String value, int amount) {
    meters.counter(metric.id(), tag, value).increment(amount);
  }

  private void time(String phase, double millis) {
    meters
        .timer(Metric.PHASE.id(), "phase", phase)
        .record((long) (millis * 1e6), TimeUnit.NANOSECONDS);
  }
}
