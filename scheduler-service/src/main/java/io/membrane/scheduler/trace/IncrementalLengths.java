package io.membrane.scheduler.trace;

import io.membrane.scheduler.simulation.cache.PrefixCache;
import io.membrane.scheduler.simulation.traffic.Trace;

/** What is left to compute of a trace's prompts after the trace's own prefix hits. */
public final class IncrementalLengths {

  private IncrementalLengths() {}

  /**
   * Tokens of each request in order of arrival, ≥ 1. Hits are those of a cache that nothing leaves;
   * a full hit still computes the last token.
   */
  public static int[] of(Trace trace) {
    PrefixCache cache = new PrefixCache(trace, Long.MAX_VALUE);
    int[] tokens = new int[trace.requests()];
    for (int i = 0; i < tokens.length; i++) {
      long cached = (long) cache.leadingBlocks(i) * Trace.BLOCK_TOKENS;
      tokens[i] = (int) Math.max(1, trace.inputTokens(i) - cached);
      cache.put(i);
    }
    return tokens;
  }
}
