package io.membrane.reconstruction.plan;

import io.membrane.block.TokenSpan;
import org.jspecify.annotations.Nullable;

/** What is done about a run of tokens, what it is expected to take, and why. */
public sealed interface Step {

  TokenSpan span();

  /** Expected time; null where nothing is known to expect it from. */
  @Nullable Double costMs();

  /** The reason, in words. */
  String why();

  /** Stored KV is used as it is; whole blocks from the beginning of the prompt. */
  record Fetch(TokenSpan span, @Nullable Double costMs, String why) implements Step {}

  /**
   * The same, but the bytes come from another cluster; whole blocks behind what is fetched.
   *
   * @param from cluster that has them
   */
  record Move(TokenSpan span, String from, @Nullable Double costMs, String why) implements Step {}

  /**
   * KV is computed behind what comes before it.
   *
   * @param cluster whose worker computes
   */
  record Recompute(TokenSpan span, String cluster, @Nullable Double costMs, String why)
      implements Step {}

  /** Nothing is done; the caller is told. */
  record Leave(TokenSpan span, String why) implements Step {

    @Override
    public @Nullable Double costMs() {
      return null;
    }
  }
}
