package io.membrane.directory.engine.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one message of an engine says.
 *
 * @param events in order
 * @param dataParallelRank which of the engine's replicas speaks, or null if it does not say
 * @param skipped events left out: of a kind that is not known, or not to be read or named
 */
public record KvEventBatch(List<KvEvent> events, @Nullable Integer dataParallelRank, int skipped) {

  public KvEventBatch {
    events = List.copyOf(events);
  }
}
