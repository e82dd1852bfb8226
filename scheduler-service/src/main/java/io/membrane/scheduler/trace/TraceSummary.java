package io.membrane.scheduler.trace;

import io.membrane.scheduler.simulation.cache.CacheReport;
import io.membrane.scheduler.simulation.traffic.Trace;
import java.util.List;

/**
 * What a trace holds.
 *
 * @param durationS seconds from the first request to the last
 * @param blockReferences blocks of {@value Trace#BLOCK_TOKENS} tokens that all prompts name
 * @param distinctBlocks unlike ones among them
 * @param unboundedHitRatio share of the references that are prefix hits in a cache that nothing
 *     leaves
 * @param notes what was done to the trace
 */
public record TraceSummary(
    String traceId,
    int requests,
    double durationS,
    double meanInputTokens,
    double meanOutputTokens,
    int blockReferences,
    int distinctBlocks,
    double unboundedHitRatio,
    List<String> notes) {

  private static final String SORTED =
      "the lines were not in order of their timestamps; the requests were sorted by them";

  /** Copies the notes. */
  public TraceSummary {
    notes = List.copyOf(notes);
  }

  static TraceSummary of(String id, Trace trace) {
    CacheReport caches = CacheReport.of(trace, List.of(CacheReport.UNBOUNDED));
    return new TraceSummary(
        id,
        trace.requests(),
        trace.durationSeconds(),
        trace.meanInputTokens(),
        trace.meanOutputTokens(),
        trace.blockReferences(),
        trace.distinctBlocks(),
        caches.rows().getFirst().hitRatio(),
        trace.sorted() ? List.of(SORTED) : List.of());
  }
}
