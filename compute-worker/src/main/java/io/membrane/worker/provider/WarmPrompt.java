package io.membrane.worker.provider;

import io.membrane.block.BlockHash;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.worker.provider.wire.ProviderPrompt;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A prompt on its way to a provider.
 *
 * @param chain hashes of its full blocks
 */
record WarmPrompt(ProviderPrompt sent, List<BlockHash> chain) {

  /** Hashes that a caller takes for the prompt's first blocks, checked. */
  List<BlockHash> asked(@Nullable Prefix prefix) {
    List<BlockHash> asked = prefix == null ? List.of() : prefix.blockHashes();
    for (int block = 0; block < asked.size(); block++) {
      if (block >= chain.size() || !chain.get(block).equals(asked.get(block))) {
        throw new MembraneException(
            ErrorCode.PREFIX_MISMATCH,
            "prefix.block_hashes[%d] is not block %d of this prompt, which has %d full blocks: hash"
                    .formatted(block, block, chain.size())
                + " it in this worker's namespace (/v1/models)");
      }
    }
    return asked;
  }
}
