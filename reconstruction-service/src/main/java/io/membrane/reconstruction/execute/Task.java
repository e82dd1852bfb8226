package io.membrane.reconstruction.execute;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.reconstruction.plan.Planner;
import io.membrane.reconstruction.plan.Prompt;
import io.membrane.reconstruction.plan.Stored;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One context to rebuild.
 *
 * @param servers clusters that can prefill it, possibly none
 * @param text the prompt as the caller wrote it; null if the caller gave tokens
 * @param root what its first block's hash is chained to
 */
record Task(
    Wish wish,
    FleetView view,
    List<Served> servers,
    Namespace namespace,
    Tokens tokens,
    @Nullable String text,
    Prompt prompt,
    BlockHash root) {

  /** Whether there is a tail, and it is wanted. */
  boolean wantsTail() {
    return wish.tail() && tailTokens() > 0;
  }

  /** Tokens behind the last full block. */
  int tailTokens() {
    return prompt.totalTokens() % prompt.blockTokens();
  }

  /** The tokens of one of its full blocks. */
  Tokens block(int block) {
    return tokens.slice(prompt.tokens(block), prompt.tokens(block + 1));
  }

  /** What the workers read; null if no worker says. */
  @Nullable Needs needs() {
    return servers.stream().map(Served::needs).filter(Objects::nonNull).findFirst().orElse(null);
  }

  /**
   * Leading blocks that a prefill may reuse: the next token needs its last token computed, and a
   * state does not go back.
   */
  int reusable() {
    return wish.nextToken() && isHybrid()
        ? (prompt.totalTokens() - 1) / prompt.blockTokens()
        : prompt.blocks();
  }

  /** Whether a prefix is usable only up to a block that has its state. */
  boolean isHybrid() {
    Needs needs = needs();
    return needs != null && !needs.state().isEmpty();
  }

  /** The one at {@code cluster}, which must be among them. */
  Served server(String cluster) {
    return servers.stream()
        .filter(s -> s.cluster().name().equals(cluster))
        .findFirst()
        .orElseThrow();
  }

  /** Whether a worker is needed. */
  boolean mustCompute(Stored stored) {
    return wish.prefill() && Planner.mustCompute(prompt, stored, wish.nextToken());
  }
}
