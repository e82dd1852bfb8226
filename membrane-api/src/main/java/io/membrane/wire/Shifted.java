package io.membrane.wire;

import com.fasterxml.jackson.annotation.JsonIgnore;
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
 * @param leastEqual share of an approximate block's tokens that have to be the prompt's, or all of
 *     it is computed; 0 to 1; default {@link #DEFAULT_LEAST_EQUAL}
 */
public record Shifted(
    @NotNull @Size(min = 1, max = DirectoryClient.MAX_BLOCKS)
        List<@NotNull @Valid ShiftedBlock> blocks,
    @Nullable Double recomputeShare,
    @Nullable Boolean measure,
    @Nullable Double leastEqual) {

  /** Share of the covered tokens that is recomputed unless a request says otherwise. */
  public static final double DEFAULT_RECOMPUTE_SHARE = 0.15;

  /** Least share of equal tokens unless a request says otherwise. */
  public static final double DEFAULT_LEAST_EQUAL = 0.5;

  /** Without approximate blocks. */
  public Shifted(
      List<ShiftedBlock> blocks, @Nullable Double recomputeShare, @Nullable Boolean measure) {
    this(blocks, recomputeShare, measure, null);
  }

  /**
   * A block whose KV is to be reused although it was computed behind other tokens.
   *
   * @param tokenSpan where it is to stand in the prompt: as long as a block, anywhere behind the
   *     prefix
   * @param sourceBlockHash a stored block of this model and tenant, of the same tokens unless
   *     {@code approximate}
   * @param sourceFrom position at which it was computed, a multiple of the block size
   * @param approximate whether its tokens need not be the prompt's: those that differ are computed;
   *     default false, and then one that differs has all of them computed
   * @param similarity of an approximate block, as the semantic index says it; -1 to 1; null if
   *     nobody says
   */
  public record ShiftedBlock(
      @NotNull TokenSpan tokenSpan,
      @NotNull BlockHash sourceBlockHash,
      @NotNull @PositiveOrZero Integer sourceFrom,
      @Nullable Boolean approximate,
      @Nullable Double similarity) {

    /** A block of the same tokens. */
    public ShiftedBlock(TokenSpan tokenSpan, BlockHash sourceBlockHash, Integer sourceFrom) {
      this(tokenSpan, sourceBlockHash, sourceFrom, null, null);
    }

    /** Whether its tokens need not be the prompt's. */
    public boolean mayDiffer() {
      return Boolean.TRUE.equals(approximate);
    }
  }

  /**
   * What became of a shifted block.
   *
   * @param used whether its KV was used; else the tokens were computed, and why says why
   * @param keptTokens tokens that have its KV in the end
   * @param otherTokens tokens that were computed because its KV is another token's
   * @param why in words
   * @param similarity as it was asked for; null unless that was said
   * @param approximateSpans tokens that have the KV of a block that is similar, not equal; null
   *     unless it was approximate
   */
  public record ShiftedUse(
      TokenSpan tokenSpan,
      BlockHash sourceBlockHash,
      boolean used,
      int keptTokens,
      int otherTokens,
      String why,
      @Nullable Double similarity,
      @Nullable List<TokenSpan> approximateSpans) {

    /** Whether its block was similar, not equal. */
    @JsonIgnore
    public boolean isApproximate() {
      return approximateSpans != null;
    }
  }

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
   * @param tokensKept tokens that have the KV of another place, approximate ones among them
   * @param recomputeShare as it was used
   * @param deviation null unless it was to be measured
   */
  public record ShiftedReport(
      List<ShiftedUse> blocks,
      int tokensKept,
      double recomputeShare,
      @Nullable ShiftedDeviation deviation) {}
}
