package io.membrane.directory.engine.wire;

import io.membrane.block.Tokens;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One thing that an engine says of its KV cache.
 *
 * <p>A block is named by 64 bits: an engine that publishes whole SHA-256 digests is known by their
 * low half, which is what vLLM publishes when it publishes numbers; signed and unsigned numbers are
 * the same bits. Nobody but the engine can compute them.
 */
public sealed interface KvEvent {

  /**
   * Blocks that follow each other were stored.
   *
   * @param blocks the engine's names, in order
   * @param parent the block before the first one, or null if that begins a prompt
   * @param tokens of all blocks, one after the other; more if a partial block follows, none if the
   *     engine only moves blocks that it named before
   * @param blockTokens tokens in a block; 0 where there are no tokens
   * @param tier where they lie
   * @param extras what besides tokens shapes each block, as its canonical text; empty if nothing
   *     does for any
   * @param group which of the model's caches; engines with one cache say 0
   * @param groupKind what that cache holds, in the engine's words, or null if it does not say
   */
  record BlockStored(
      List<Long> blocks,
      @Nullable Long parent,
      Tokens tokens,
      int blockTokens,
      String tier,
      List<String> extras,
      int group,
      @Nullable String groupKind)
      implements KvEvent {

    public BlockStored {
      blocks = List.copyOf(blocks);
      extras = List.copyOf(extras);
      if (blockTokens < 0 || group < 0) {
        throw new IllegalArgumentException("block size and group are not negative");
      }
      if (!extras.isEmpty() && extras.size() != blocks.size()) {
        throw new IllegalArgumentException(
            "%d blocks with extra keys for %d".formatted(blocks.size(), extras.size()));
      }
    }
  }

  /**
   * Blocks are gone from one tier.
   *
   * @param group as stored
   */
  record BlockRemoved(List<Long> blocks, String tier, int group) implements KvEvent {

    public BlockRemoved {
      blocks = List.copyOf(blocks);
    }
  }

  /** Nothing is left, in any tier. */
  record AllBlocksCleared() implements KvEvent {}
}
