package io.membrane.scheduler.trace;

import io.membrane.scheduler.simulation.cache.PrefixCache;
import io.membrane.scheduler.simulation.traffic.Trace;

/**
 * What is left to compute of a trace's prompts after the trace's own prefix hits.
 *
 * @param tokens one length for each request in order of arrival, ≥ 1
 * @param meanOutputTokens mean of all outputs
 */
@SuppressWarnings("ArrayRecordComponent") // a million lengths; never compared
public record IncrementalLengths(int[] tokens, double meanOutputTokens) {

  /** Hits are those of a cache that nothing leaves; a full hit still computes the last token. */
  public static IncrementalLengths of(Trace trace) {
    PrefixCache cache = new PrefixCache(trace, Long.MAX_VALUE);
    int[] tokens = new int[trace.requests()];
    for (int i = 0; i < tokens.length; i++) {
      long cached = (long) cache.leadingBlocks(i) * Trace.BLOCK_TOKENS;
      tokens[i] = (int) Math.max(1, trace.inputTokens(i) - cached);
      cache.put(i);
    }
    return new IncrementalLengths(tokens, trace.meanOutputTokens());
  }
}
