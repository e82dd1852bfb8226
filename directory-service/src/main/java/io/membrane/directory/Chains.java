package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.NamespaceRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Chains of blocks as callers name them: by tokens, or by hashes. */
final class Chains {

  private final Namespaces namespaces;

  Chains(Namespaces namespaces) {
    this.namespaces = namespaces;
  }

  /**
   * Leading blocks of a prompt.
   *
   * @param blocks different hashes, in order
   * @param namespace null if it was not named
   * @param tokens null if the blocks were named by their hashes
   */
  record Chain(List<BlockHash> blocks, @Nullable Namespace namespace, @Nullable Tokens tokens) {

    /** Tokens per block, or 0 if that was not said. */
    int blockTokens() {
      return namespace == null ? 0 : namespace.blockTokens();
    }
  }

  /**
   * The chain that the caller means.
   *
   * @throws MembraneException unless it is named in exactly one way, and can be one
   */
  Chain of(
      @Nullable NamespaceRequest written,
      @Nullable Tokens tokens,
      @Nullable List<BlockHash> hashes) {
    if (tokens != null && hashes == null) {
      Namespace namespace = namespaces.resolve(written);
      return new Chain(of(namespace, tokens, block -> ""), namespace, tokens);
    }
    if (hashes != null && tokens == null) {
      Namespace namespace = written == null ? null : namespaces.resolve(written);
      return new Chain(distinct(hashes), namespace, null);
    }
    throw new MembraneException(
        ErrorCode.MALFORMED_REQUEST, "give exactly one of tokens and block_hashes");
  }

  /**
   * The caller's names of a prompt's full blocks.
   *
   * @param extra what besides tokens shapes a block, by its index; empty for nothing
   * @throws MembraneException {@link ErrorCode#TOO_LARGE} if they are too many for a match
   */
  List<BlockHash> of(Namespace namespace, Tokens tokens, IntFunction<String> extra) {
    if (tokens.length() / namespace.blockTokens() > DirectoryClient.MAX_BLOCKS) {
      throw new MembraneException(
          ErrorCode.TOO_LARGE,
          "a match has at most " + DirectoryClient.MAX_BLOCKS + " blocks; ask for the first ones");
    }
    BlockHash root = namespaces.root(namespace, CallContext.tenantOfCall());
    return BlockHasher.chain(root, namespace.blockTokens(), tokens, extra);
  }

  private static List<BlockHash> distinct(List<BlockHash> chain) {
    Set<BlockHash> seen = HashSet.newHashSet(chain.size());
    for (int i = 0; i < chain.size(); i++) {
      if (!seen.add(chain.get(i))) {
        throw new MembraneException(
            ErrorCode.IMPOSSIBLE_REQUEST,
            "block_hashes[" + i + "] stands there twice; a chain names each block once, in order");
      }
    }
    return chain;
  }
}
