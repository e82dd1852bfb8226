package io.membrane.reconstruction.plan;

import io.membrane.block.BlockHash;
import io.membrane.block.TokenSpan;
import java.util.List;

/**
 * A prompt cut into blocks.
 *
 * @param totalTokens its length, at least 1
 * @param blockTokens tokens per block
 * @param blockHashes one for each full block, in order; a tail has none
 */
public record Prompt(int totalTokens, int blockTokens, List<BlockHash> blockHashes) {

  public Prompt {
    blockHashes = List.copyOf(blockHashes);
    if (totalTokens < 1 || blockTokens < 1 || blockHashes.size() != totalTokens / blockTokens) {
      throw new IllegalArgumentException(
          "%d tokens in blocks of %d with %d hashes"
              .formatted(totalTokens, blockTokens, blockHashes.size()));
    }
  }

  /** How many full blocks there are. */
  public int blocks() {
    return blockHashes.size();
  }

  /** Length of the first {@code blocks} blocks. */
  public int tokens(int blocks) {
    return blocks * blockTokens;
  }

  /** Hashes of the full blocks that begin in {@code span}. */
  List<BlockHash> blocksOf(TokenSpan span) {
    int from = Math.ceilDiv(span.from(), blockTokens);
    int to = Math.min(Math.ceilDiv(span.to(), blockTokens), blocks());
    return from < to ? blockHashes.subList(from, to) : List.of();
  }
}
