package io.membrane.wire;

import io.membrane.block.BlockHash;
import io.membrane.block.Tokens;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Exactly one of tokens and text.
 *
 * @param model model id, or null for the worker's only model
 * @param store whether new full blocks are stored and announced; default true
 * @param nextToken whether the greedy next token is wanted: then at least the last token is
 *     computed even if all KV is there; default false
 * @param embeddings whether the embeddings of the blocks that are computed are wanted; default
 *     false
 * @param shifted blocks to reuse from other places, at a loss; null for none
 * @param tail whether what lies behind the last full block is wanted as a transfer block; default
 *     false
 */
public record PrefillRequest(
    @Nullable @Size(max = 256) String model,
    @Nullable Tokens tokens,
    @Nullable @Size(max = ComputeClient.MAX_TEXT) String text,
    @Nullable @Valid Prefix prefix,
    @Nullable Boolean store,
    @Nullable Boolean nextToken,
    @Nullable Boolean embeddings,
    @Nullable @Valid Shifted shifted,
    @Nullable Boolean tail) {

  /**
   * Leading blocks whose KV is to be fetched instead of computed.
   *
   * @param blockHashes the leading block hashes of the prompt's own chain
   */
  public record Prefix(
      @NotNull @Size(max = DirectoryClient.MAX_BLOCKS) List<@NotNull BlockHash> blockHashes) {}

  /** A request for the KV alone, all of it exact. */
  public PrefillRequest(
      @Nullable String model,
      @Nullable Tokens tokens,
      @Nullable String text,
      @Nullable Prefix prefix,
      @Nullable Boolean store,
      @Nullable Boolean nextToken) {
    this(model, tokens, text, prefix, store, nextToken, null, null, null);
  }
}
