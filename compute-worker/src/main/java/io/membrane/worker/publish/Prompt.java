package io.membrane.worker.publish;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A prompt cut into blocks.
 *
 * @param root parent of its first block
 * @param chain hashes of its full blocks
 */
record Prompt(Tokens tokens, int blockTokens, BlockHash root, List<BlockHash> chain) {

  /**
   * The same tokens under other hashes from a block on.
   *
   * @param extra what besides tokens shapes the KV from there on
   */
  Prompt renamed(int block, String extra) {
    if (block >= chain.size()) {
      return this;
    }
    List<BlockHash> names = new ArrayList<>(chain.subList(0, block));
    names.addAll(
        BlockHasher.chain(
            block == 0 ? root : chain.get(block - 1),
            blockTokens,
            tokens.slice(block * blockTokens, tokens.length()),
            b -> extra));
    return new Prompt(tokens, blockTokens, root, List.copyOf(names));
  }

  TokenSpan span(int block) {
    return new TokenSpan(block * blockTokens, (block + 1) * blockTokens);
  }

  @Nullable BlockHash parent(int block) {
    return block == 0 ? null : chain.get(block - 1);
  }

  /** A slice of one of its blocks. */
  Payload payload(int block, Slice slice, byte[] bytes) {
    return new Payload(new FragmentKey(chain.get(block), slice), parent(block), span(block), bytes);
  }

  /** Checks that hashes are the prompt's first blocks. */
  void requireLeading(List<BlockHash> prefix) {
    for (int block = 0; block < prefix.size(); block++) {
      if (block >= chain.size() || !chain.get(block).equals(prefix.get(block))) {
        throw new MembraneException(
            ErrorCode.PREFIX_MISMATCH,
            ("prefix.block_hashes[%d] is not block %d of this prompt, which has %d full blocks of %d"
                    + " tokens: hash these very tokens in this worker's namespace (/v1/models)")
                .formatted(block, block, chain.size(), blockTokens));
      }
    }
  }
}
