package io.membrane.reconstruction.plan;

import io.membrane.block.TokenSpan;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Steps as they were carried out: a worker computes from the front while it fetches from the back,
 * so what was reused may lie anywhere among what was to be reused.
 */
final class CarriedOut {

  private final Prompt prompt;
  private final String cluster;
  private final List<Step> steps = new ArrayList<>();

  private CarriedOut(Prompt prompt, String cluster) {
    this.prompt = prompt;
    this.cluster = cluster;
  }

  /**
   * The steps of a plan, as they were done.
   *
   * @param arrivals one for each block that {@code planned} reuses, in order
   * @param cluster whose worker computed
   * @param unstored what is not stored of what was computed; null for nothing
   */
  static List<Step> steps(
      Prompt prompt,
      List<Step> planned,
      List<Arrival> arrivals,
      String cluster,
      @Nullable Unstored unstored) {
    CarriedOut done = new CarriedOut(prompt, cluster);
    for (Step step : planned) {
      if (Plan.isReuse(step)) {
        done.split(step, arrivals);
      } else {
        done.steps.add(step);
      }
    }
    return unstored == null ? done.steps : unstored.told(prompt, done.steps);
  }

  private void split(Step step, List<Arrival> arrivals) {
    int from = step.span().from() / prompt.blockTokens();
    int end = step.span().to() / prompt.blockTokens();
    while (from < end) {
      int to = from + 1;
      while (to < end && arrivals.get(to) == arrivals.get(from)) {
        to++;
      }
      add(step, arrivals.get(from), new TokenSpan(prompt.tokens(from), prompt.tokens(to)));
      from = to;
    }
  }

  private void add(Step step, Arrival arrival, TokenSpan span) {
    switch (arrival) {
      case USED -> steps.add(span.equals(step.span()) ? step : part(step, span));
      case OUTRUN -> compute(span, Why.OUTRUN);
      case MISSING -> compute(span, Why.NOT_FETCHED);
    }
  }

  private void compute(TokenSpan span, String why) {
    int from = span.from();
    if (!steps.isEmpty()
        && steps.getLast() instanceof Step.Recompute before
        && before.why().equals(why)) {
      from = before.span().from();
      steps.removeLast();
    }
    steps.add(new Step.Recompute(new TokenSpan(from, span.to()), cluster, null, why));
  }

  /** A part of a step, of which nothing is expected. */
  private static Step part(Step step, TokenSpan span) {
    return switch (step) {
      case Step.Fetch s -> new Step.Fetch(span, null, s.why());
      case Step.Move s -> new Step.Move(span, s.from(), null, s.why());
      case Step.Recompute s -> new Step.Recompute(span, s.cluster(), null, s.why());
      case Step.Leave s -> new Step.Leave(span, s.why());
    };
  }

  /**
   * What was computed and is not stored.
   *
   * @param block the first such block; those behind it nobody finds either
   * @param why in words
   */
  record Unstored(int block, String why) {

    private List<Step> told(Prompt prompt, List<Step> steps) {
      int at = prompt.tokens(block);
      int tail = prompt.tokens(prompt.blocks());
      List<Step> told = new ArrayList<>();
      for (Step step : steps) {
        TokenSpan span = step.span();
        if (!(step instanceof Step.Recompute computed) || span.to() <= at || span.from() >= tail) {
          told.add(step);
          continue;
        }
        if (span.from() < at) {
          told.add(part(step, new TokenSpan(span.from(), at)));
        }
        told.add(
            new Step.Recompute(
                new TokenSpan(Math.max(at, span.from()), span.to()),
                computed.cluster(),
                null,
                computed.why() + "; " + Why.notKept(why)));
      }
      return told;
    }
  }
}
