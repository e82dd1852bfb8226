package io.membrane.worker.publish;

import io.membrane.block.BlockHash;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A prompt cut into blocks.
 *
 * @param chain hashes of its full blocks
 */
record Prompt(Tokens tokens, int blockTokens, List<BlockHash> chain) {

  TokenSpan span(int block) {
    return new TokenSpan(block * blockTokens, (block + 1) * blockTokens);
  }

  @Nullable BlockHash parent(int block) {
    return block == 0 ? null : chain.get(block - 1);
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
