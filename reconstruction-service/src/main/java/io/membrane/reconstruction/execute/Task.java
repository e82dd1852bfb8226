package io.membrane.reconstruction.execute;

import io.membrane.block.Namespace;
import io.membrane.block.Slice;
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
 */
record Task(
    Wish wish,
    FleetView view,
    List<Served> servers,
    Namespace namespace,
    Tokens tokens,
    @Nullable String text,
    Prompt prompt) {

  /** The one slice of every block that the workers read; null if no worker says. */
  @Nullable Slice slice() {
    return servers.stream().map(Served::slice).filter(Objects::nonNull).findFirst().orElse(null);
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
