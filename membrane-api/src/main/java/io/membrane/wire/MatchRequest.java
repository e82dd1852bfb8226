package io.membrane.wire;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.block.Tokens;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which blocks are wanted; exactly one of tokens and block hashes.
 *
 * @param namespace needed with tokens, its missing parts from the defaults
 * @param needs slices that a reader needs of every block; empty or absent: any attention slice
 *     counts
 * @param atLeast event-log position that the answer must not be older than
 * @param sessionId whose context this is, to be learnt from; null to say nothing of it
 * @param explain whether the answer is to say why no more matches; null: no
 */
public record MatchRequest(
    @Nullable NamespaceRequest namespace,
    @Nullable Tokens tokens,
    @Nullable @Size(max = DirectoryClient.MAX_BLOCKS) List<@NotNull BlockHash> blockHashes,
    @Nullable @Size(max = 1024) List<@NotNull Slice> needs,
    @Nullable String atLeast,
    @Nullable @Size(max = DirectoryClient.MAX_SESSION_ID) String sessionId,
    @Nullable Boolean explain) {

  /** A request of which nothing is to be learnt or explained. */
  public MatchRequest(
      @Nullable NamespaceRequest namespace,
      @Nullable Tokens tokens,
      @Nullable List<BlockHash> blockHashes,
      @Nullable List<Slice> needs,
      @Nullable String atLeast) {
    this(namespace, tokens, blockHashes, needs, atLeast, null, null);
  }
}
