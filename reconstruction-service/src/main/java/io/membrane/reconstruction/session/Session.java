package io.membrane.reconstruction.session;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * What is known of a session. Immutable.
 *
 * @param firstAtMs Unix time at which its first known turn began
 * @param turnCount known turns, also those that are not kept any more
 * @param turns the last ones, oldest first; at least one
 * @param namespace of the chain
 * @param chain the blocks of the last turn that are stored, in order
 */
public record Session(
    long firstAtMs, int turnCount, List<Turn> turns, Namespace namespace, List<BlockHash> chain) {

  public Session {
    turns = List.copyOf(turns);
    chain = List.copyOf(chain);
  }

  /** The last turn. */
  public Turn last() {
    return turns.getLast();
  }

  /** Milliseconds between the beginnings of consecutive turns, as far as those are kept. */
  public LongStream pausesMs() {
    return IntStream.range(1, turns.size())
        .mapToLong(i -> Math.max(0, turns.get(i).atMs() - turns.get(i - 1).atMs()));
  }

  /** Tokens by which a prompt is longer than the one before, on average; 0 of a single turn. */
  public double growthTokens() {
    int steps = turns.size() - 1;
    return steps == 0
        ? 0
        : (double) (last().totalTokens() - turns.getFirst().totalTokens()) / steps;
  }
}
