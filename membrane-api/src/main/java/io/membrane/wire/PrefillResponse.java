package io.membrane.wire;

import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.wire.Shifted.ShiftedReport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a prefill reused, computed and stored.
 *
 * @param tokensReused tokens of the asked-for prefix whose KV was fetched and used, wherever in it;
 *     a provider's cached tokens
 * @param tokensComputed tokens that went through the model
 * @param blocks the full blocks whose KV was computed or fetched; none of a provider, which keeps
 *     its KV
 * @param prefixMissing blocks of the asked-for prefix that could not be had; not those that were
 *     computed before they were there
 * @param device e.g. {@code cpu}, {@code cuda:0}; of a provider its name
 * @param logPosition event-log position at which the directory knows what was stored
 * @param provider what a provider's cache did; null from a worker that computes itself
 * @param shifted null unless shifted blocks were asked for
 * @param states of a hybrid model, the snapshots that were reused or taken, each at the end of its
 *     block; null for every other model
 * @param transferBlock what lies behind the last full block; null if it was not asked for or
 *     nothing lies there
 * @param unstored what was to be stored and is not; null if all is, or nothing was to be
 */
public record PrefillResponse(
    String model,
    Namespace namespace,
    int totalTokens,
    int tokensReused,
    int tokensComputed,
    List<PrefilledBlock> blocks,
    List<BlockHash> prefixMissing,
    @Nullable NextToken nextToken,
    String device,
    PrefillTimings timingsMs,
    @Nullable String logPosition,
    @Nullable ProviderUse provider,
    @Nullable ShiftedReport shifted,
    @Nullable List<PrefilledBlock> states,
    @Nullable TransferBlock transferBlock,
    @Nullable Unstored unstored) {

  /** Where a block's KV came from. */
  public enum Source {
    FRAGMENT,
    PREFILL,
    /** From a shifted block, or computed behind one: not what a prefill gives. */
    SHIFTED,
    /** The same from an approximate block on. */
    APPROXIMATE
  }

  /**
   * One full block of a prefilled prompt.
   *
   * @param parentHash hash of the block before, or null for the first block
   * @param bytes payload size
   * @param digest digest of the payload in the store; null if it was not stored, or the store keeps
   *     other bytes
   * @param embedding mean of the hidden states of the block's tokens, after the final norm and in
   *     the prompt's context; null if it was not asked for or the block was not computed
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  public record PrefilledBlock(
      BlockHash blockHash,
      @Nullable BlockHash parentHash,
      Slice slice,
      TokenSpan tokenSpan,
      long bytes,
      @Nullable ContentDigest digest,
      Source source,
      float @Nullable [] embedding) {

    /** A block without its embedding. */
    public PrefilledBlock(
        BlockHash blockHash,
        @Nullable BlockHash parentHash,
        Slice slice,
        TokenSpan tokenSpan,
        long bytes,
        @Nullable ContentDigest digest,
        Source source) {
      this(blockHash, parentHash, slice, tokenSpan, bytes, digest, source, null);
    }
  }

  /**
   * The greedy next token of a prompt.
   *
   * @param text the token alone, decoded
   * @param logit its value, float32
   */
  public record NextToken(long id, String text, float logit) {}

  /**
   * Slices of which nobody says that they are stored: the KV was computed, but is not to be had.
   *
   * @param code code of the error, as in a problem document
   * @param detail the error in words
   */
  public record Unstored(List<FragmentKey> keys, String code, String detail) {}

  public record PrefillTimings(double fetch, double compute, double store, double total) {}

  /** This answer with a report of what was not exact. */
  public PrefillResponse with(ShiftedReport report) {
    return new PrefillResponse(
        model,
        namespace,
        totalTokens,
        tokensReused,
        tokensComputed,
        blocks,
        prefixMissing,
        nextToken,
        device,
        timingsMs,
        logPosition,
        provider,
        report,
        states,
        transferBlock,
        unstored);
  }
}
