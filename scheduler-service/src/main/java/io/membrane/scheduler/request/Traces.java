package io.membrane.scheduler.request;

import java.util.Optional;

/** Where the lengths of an uploaded trace come from. */
@FunctionalInterface
public interface Traces {

  /** Knows no trace. */
  Traces NONE = id -> Optional.empty();

  /** What a trace says of a workload, if there is such a trace. */
  Optional<TraceLengths> find(String id);

  /**
   * Lengths of a trace.
   *
   * @param incrementalTokens of each request: what its own earlier requests left uncached, ≥ 1
   * @param meanOutputTokens L_out
   */
  @SuppressWarnings("ArrayRecordComponent") // a million ints, handed on once and never compared
  record TraceLengths(int[] incrementalTokens, double meanOutputTokens) {}
}
