package io.membrane.scheduler.simulation.traffic;

import io.membrane.scheduler.throughput.LengthClasses;
import io.membrane.scheduler.throughput.Lengths;

/** How long requests are. */
public sealed interface Prompts {

  /**
   * Uncached lengths drawn independently from a distribution.
   *
   * @param outputTokens tokens that every request decodes
   */
  record Sampled(Lengths input, double outputTokens) implements Prompts {

    /** Refuses an output without tokens. */
    public Sampled {
      requireOutput(outputTokens);
    }
  }

  /**
   * Only two lengths, l_long and l_short, evenly interleaved so that a share p is long: a load
   * without variance, which the throughput model describes exactly.
   *
   * @param outputTokens tokens that every request decodes
   */
  record ClassMeans(LengthClasses classes, double outputTokens) implements Prompts {

    /** Refuses an output without tokens. */
    public ClassMeans {
      requireOutput(outputTokens);
    }
  }

  /** The prompts of a trace with their blocks, in order; the traffic ends when they do. */
  record OfTrace(Trace trace) implements Prompts {}

  private static void requireOutput(double tokens) {
    if (!(tokens > 0) || !(tokens <= 1e8)) {
      throw new IllegalArgumentException(
          "a request decodes more than 0 and at most 100000000 tokens, not " + tokens);
    }
  }
}
