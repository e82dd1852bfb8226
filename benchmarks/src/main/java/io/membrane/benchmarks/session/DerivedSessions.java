package io.membrane.benchmarks.session;

import io.membrane.scheduler.simulation.traffic.Trace;
import java.util.Arrays;

/**
 * The sessions of a trace that names none, by growth of prefixes: a request continues the session
 * whose last prompt, its last full block included, is the longest beginning of its own; of several
 * the one that was used last. The first block does not count, since all prompts of the conversation
 * trace share it. An id of a block stands for all before it too, so a session is known by its last
 * full block.
 */
final class DerivedSessions {

  private static final int NONE = -1;

  private final int[] session;
  private int count;
  private int longer;

  DerivedSessions(Trace trace) {
    session = new int[trace.requests()];
    int[] ends = new int[trace.distinctBlocks()];
    int[] reached = new int[trace.requests()];
    Arrays.fill(ends, NONE);
    for (int r = 0; r < session.length; r++) {
      int deepest = Math.min(trace.blocks(r), fullBlocks(trace, r)) - 1;
      int at = trace.blocks(r) - 1;
      while (at > 0 && ends[trace.block(r, at)] == NONE) {
        at--;
      }
      session[r] = at > 0 ? ends[trace.block(r, at)] : count++;
      if (at > 0 && trace.inputTokens(r) >= reached[session[r]]) {
        longer++;
      }
      reached[session[r]] = trace.inputTokens(r) + trace.outputTokens(r);
      if (deepest > 0) {
        ends[trace.block(r, deepest)] = session[r];
      }
    }
  }

  private static int fullBlocks(Trace trace, int request) {
    return trace.inputTokens(request) / Trace.BLOCK_TOKENS;
  }

  /** The session of a request. */
  int of(int request) {
    return session[request];
  }

  /** How many there are. */
  int count() {
    return count;
  }

  /** Requests that continue one and are no shorter than its last prompt and answer together. */
  int longer() {
    return longer;
  }
}
