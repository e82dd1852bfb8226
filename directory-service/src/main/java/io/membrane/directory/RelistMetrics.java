package io.membrane.directory;

import io.membrane.directory.relist.Relister;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;

/** Says how often the shared store was listed anew. */
final class RelistMetrics {

  RelistMetrics(MeterRegistry meters, Relister relister) {
    for (Relister.Outcome outcome : Relister.Outcome.values()) {
      FunctionCounter.builder(DirectoryMetric.RELISTS.id(), relister, r -> r.count(outcome))
          .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
          .register(meters);
    }
  }
}
