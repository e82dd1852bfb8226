package io.membrane.wire;

import io.membrane.block.BlockHash;
import io.membrane.block.TokenSpan;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reuse that is not exact.
 *
 * @param blocks ascending, without overlap, behind the prefix
 * @param recomputeShare of the covered tokens, those that deviate most; 0 to 1; default {@link
 *     #DEFAULT_RECOMPUTE_SHARE}
 * @param measure whether the full prefill is computed as well, to say how far this is from it;
 *     default false
 */
public record Shifted(
    @NotNull @Size(min = 1, max = DirectoryClient.MAX_BLOCKS)
        List<@NotNull @Valid ShiftedBlock> blocks,
    @Nullable Double recomputeShare,
    @Nullable Boolean measure) {

  /** Share of the covered tokens that is recomputed unless a request says otherwise. */
  public static final double DEFAULT_RECOMPUTE_SHARE = 0.15;

  /**
   * A block whose KV is to be reused although it was computed behind other tokens.
   *
   * @param tokenSpan where it is to stand in the prompt: as long as a block, anywhere behind the
   *     prefix
   * @param sourceBlockHash a stored block of this model and tenant, of the same tokens
   * @param sourceFrom position at which it was computed, a multiple of the block size
   */
  public record ShiftedBlock(
      @NotNull TokenSpan tokenSpan,
      @NotNull BlockHash sourceBlockHash,
      @NotNull @PositiveOrZero Integer sourceFrom) {}

  /**
   * What became of a shifted block.
   *
   * @param used whether its KV was loaded; else the tokens were computed, and why says why
   * @param keptTokens tokens that have its KV in the end
   * @param otherTokens tokens that were computed because its KV is another token's
   * @param why in words
   */
  public record ShiftedUse(
      TokenSpan tokenSpan,
      BlockHash sourceBlockHash,
      boolean used,
      int keptTokens,
      int otherTokens,
      String why) {}

  /**
   * How far a prefill with shifted blocks is from the full one of the same prompt, behind the
   * prefix and over all layers.
   *
   * @param keyRelative length of the difference of K over length of K
   * @param keyMax greatest difference of a value of K
   * @param valueRelative as of K, of V
   * @param valueMax as of K, of V
   * @param logitsMax greatest difference of a logit of the next token
   * @param logitsDivergence Kullback-Leibler divergence of the next token's distribution, in nats
   * @param sameNextToken whether the greedy next token is the same
   * @param fullMs time of the full prefill in the engine
   */
  public record ShiftedDeviation(
      double keyRelative,
      double keyMax,
      double valueRelative,
      double valueMax,
      double logitsMax,
      double logitsDivergence,
      boolean sameNextToken,
      double fullMs) {}

  /**
   * What was reused at a loss.
   *
   * @param blocks one for each that was asked for, in order
   * @param tokensKept tokens that have the KV of another place
   * @param recomputeShare as it was used
   * @param deviation null unless it was to be measured
   */
  public record ShiftedReport(
      List<ShiftedUse> blocks,
      int tokensKept,
      double recomputeShare,
      @Nullable ShiftedDeviation deviation) {}
}
