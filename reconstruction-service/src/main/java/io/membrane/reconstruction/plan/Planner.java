package io.membrane.reconstruction.plan;

import io.membrane.block.TokenSpan;
import io.membrane.wire.SchedulerClient.RouteResponse;
import io.membrane.wire.SchedulerClient.Transfer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Makes plans. Only a leading run of blocks is reused: KV depends on every token before it, and a
 * gap is computed behind the reused prefix. Pure; every method may be called from any thread.
 */
public final class Planner {

  private Planner() {}

  /** Whether something is left to compute, provided that the caller wants it computed. */
  public static boolean mustCompute(Prompt prompt, Stored stored, boolean nextToken) {
    return nextToken || prompt.tokens(stored.anywhere()) < prompt.totalTokens();
  }

  /** Reuses what is stored, wherever it is, and leaves the rest. */
  public static Plan withoutPrefill(Prompt prompt, Stored stored) {
    List<Step> steps = new ArrayList<>();
    add(steps, prompt.tokens(stored.anywhere()), Why.STORED, Step.Reuse::new);
    add(steps, prompt.tokens(stored.named()), Why.GONE, Step.Leave::new);
    add(steps, prompt.tokens(prompt.blocks()), Why.notStored(stored.end()), Step.Leave::new);
    add(steps, prompt.totalTokens(), Why.TAIL, Step.Leave::new);
    return new Plan(prompt, stored, steps);
  }

  /**
   * Reuses what the target has, or is to get by the route's transfer, and computes the rest there.
   */
  public static Plan withPrefill(Prompt prompt, Stored stored, RouteResponse route) {
    int own = stored.at(route.target());
    Transfer transfer = route.transfer();
    int moved =
        transfer == null
            ? 0
            : Math.min(stored.at(transfer.from()), transfer.tokens() / prompt.blockTokens());
    String reused =
        transfer == null || moved <= own ? Why.STORED : Why.moved(transfer.from(), route.target());
    BiFunction<TokenSpan, String, Step> prefill =
        (span, why) -> new Step.Prefill(span, route.target(), why);
    List<Step> steps = new ArrayList<>();
    add(steps, prompt.tokens(Math.max(own, moved)), reused, Step.Reuse::new);
    add(steps, prompt.tokens(stored.anywhere()), Why.elsewhere(route), prefill);
    add(steps, prompt.tokens(stored.named()), Why.GONE, prefill);
    add(steps, prompt.tokens(prompt.blocks()), Why.notStored(stored.end()), prefill);
    add(steps, prompt.totalTokens(), Why.TAIL, prefill);
    return new Plan(prompt, stored, steps);
  }

  /** Adds a step from the end of the last one to {@code to}, unless that is nothing. */
  private static void add(
      List<Step> steps, int to, String why, BiFunction<TokenSpan, String, Step> kind) {
    int from = steps.isEmpty() ? 0 : steps.getLast().span().to();
    if (from < to) {
      steps.add(kind.apply(new TokenSpan(from, to), why));
    }
  }
}
