package io.membrane.reconstruction.plan;

import io.membrane.block.TokenSpan;

/** What is done about a run of tokens, and why. */
public sealed interface Step {

  TokenSpan span();

  /** The reason, in words. */
  String why();

  /** Stored KV is used as it is; whole blocks from the beginning of the prompt. */
  record Reuse(TokenSpan span, String why) implements Step {}

  /**
   * KV is computed behind what comes before it.
   *
   * @param cluster whose worker computes
   */
  record Prefill(TokenSpan span, String cluster, String why) implements Step {}

  /** Nothing is done; the caller is told. */
  record Leave(TokenSpan span, String why) implements Step {}
}
