package io.membrane.reconstruction.plan;

import io.membrane.block.TokenSpan;
import io.membrane.wire.SchedulerClient.RouteResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

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
    add(steps, prompt.tokens(stored.anywhere()), Why.STORED, Planner::fetch);
    add(steps, prompt.tokens(stored.named()), Why.GONE, Step.Leave::new);
    add(steps, prompt.tokens(prompt.blocks()), Why.notStored(stored.end()), Step.Leave::new);
    add(steps, prompt.totalTokens(), Why.TAIL, Step.Leave::new);
    return new Plan(prompt, stored, Supply.NONE, steps, Choice.of(Why.NOTHING_TO_CHOOSE));
  }

  /**
   * Reuses as much of what the target has, or is to get by the route's transfer, as makes the
   * prompt ready soonest, and computes the rest there; all of it if the worker has no profile.
   */
  public static Plan withPrefill(Prompt prompt, Stored stored, RouteResponse route, Costs costs) {
    Supply supply = Supply.of(prompt, stored, route, costs.links());
    PrefillProfile profile = costs.profile();
    @Nullable Boundary boundary =
        profile == null ? null : Boundary.of(prompt, supply, costs, profile);
    List<Step> steps = new ArrayList<>();
    addReused(steps, prompt, supply, route, boundary);
    BiFunction<TokenSpan, String, Step> recompute =
        (span, why) -> {
          Double ms = profile == null ? null : profile.recomputeMs(span.from(), span.to());
          return new Step.Recompute(span, route.target(), ms, why);
        };
    if (boundary != null) {
      add(steps, prompt.tokens(supply.blocks()), Why.slower(boundary), recompute);
    }
    add(steps, prompt.tokens(stored.anywhere()), Why.elsewhere(route), recompute);
    add(steps, prompt.tokens(stored.named()), Why.GONE, recompute);
    add(steps, prompt.tokens(prompt.blocks()), Why.notStored(stored.end()), recompute);
    add(steps, prompt.totalTokens(), Why.TAIL, recompute);
    Choice choice =
        boundary == null ? Choice.of(Why.withoutProfile(route.target())) : boundary.choice(prompt);
    return new Plan(prompt, stored, supply, steps, choice);
  }

  private static void addReused(
      List<Step> steps,
      Prompt prompt,
      Supply supply,
      RouteResponse route,
      @Nullable Boundary boundary) {
    int reused = boundary == null ? supply.blocks() : boundary.blocks();
    int own = Math.min(reused, supply.own());
    @Nullable Double fetchMs = boundary == null ? null : boundary.fetchMs()[own];
    @Nullable Double moveMs =
        boundary == null ? null : boundary.fetchMs()[reused] - boundary.fetchMs()[own];
    add(steps, prompt.tokens(own), Why.STORED, (span, why) -> new Step.Fetch(span, fetchMs, why));
    if (reused > own) {
      String from = supply.links().get(own).from();
      add(
          steps,
          prompt.tokens(reused),
          Why.moved(from, route.target()),
          (span, why) -> new Step.Move(span, from, moveMs, why));
    }
  }

  private static Step fetch(TokenSpan span, String why) {
    return new Step.Fetch(span, null, why);
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
