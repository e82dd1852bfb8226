package io.membrane.directory;

import io.membrane.directory.engine.EngineCounts;
import io.membrane.directory.engine.EngineCounts.Count;
import io.membrane.directory.engine.EngineState.Phase;
import io.membrane.directory.engine.ZmqEngines;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Locale;

/** Says how engines are followed by this replica. */
final class EngineMetrics {

  EngineMetrics(MeterRegistry meters, ZmqEngines engines, EngineCounts counts) {
    for (Phase phase : Phase.values()) {
      Gauge.builder(DirectoryMetric.ENGINES.id(), engines, e -> e.following(phase))
          .tag("phase", phase.name().toLowerCase(Locale.ROOT))
          .register(meters);
    }
    for (Count outcome : List.of(Count.APPLIED, Count.DUPLICATE, Count.UNREADABLE)) {
      counter(DirectoryMetric.ENGINE_FRAMES, counts, outcome)
          .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
          .register(meters);
    }
    counter(DirectoryMetric.ENGINE_GAPS, counts, Count.GAP).register(meters);
    counter(DirectoryMetric.ENGINE_RESTARTS, counts, Count.RESTART).register(meters);
  }

  private static FunctionCounter.Builder<EngineCounts> counter(
      DirectoryMetric metric, EngineCounts counts, Count what) {
    return FunctionCounter.builder(metric.id(), counts, c -> c.of(what));
  }
}
