package io.membrane.reconstruction;

import io.membrane.reconstruction.prefetch.PrefetchCounts;
import io.membrane.reconstruction.prefetch.Prefetching;
import io.membrane.reconstruction.session.SessionHistory;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;
import org.springframework.stereotype.Component;

/** Counts sessions and what is fetched ahead for them. */
@Component
class SessionMetrics {

  SessionMetrics(MeterRegistry meters, SessionHistory history, Prefetching prefetching) {
    Gauge.builder(Metric.SESSIONS.id(), history, SessionHistory::size).register(meters);
    PrefetchCounts turns = prefetching.turnCounts();
    blocks(meters, "asked", turns, PrefetchCounts::blocks);
    blocks(meters, "left_out", turns, PrefetchCounts::leftOut);
    blocks(meters, "useful", history, SessionHistory::usefulBlocks);
    blocks(meters, "wasted", history, SessionHistory::wastedBlocks);
    counter(Metric.PREFETCHED_BYTES, turns, PrefetchCounts::bytes).register(meters);
    counter(Metric.FAILED_PREFETCHES, turns, PrefetchCounts::failed).register(meters);
    counter(Metric.LOST_SESSION_CONTEXTS, turns, PrefetchCounts::untold).register(meters);
  }

  private static <T> void blocks(
      MeterRegistry meters, String outcome, T source, ToDoubleFunction<T> count) {
    counter(Metric.PREFETCHED_BLOCKS, source, count).tag("outcome", outcome).register(meters);
  }

  private static <T> FunctionCounter.Builder<T> counter(
      Metric metric, T source, ToDoubleFunction<T> count) {
    return FunctionCounter.builder(metric.id(), source, count);
  }
}
