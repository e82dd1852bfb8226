package io.membrane.reconstruction.plan;

import io.membrane.block.BlockHash;
import io.membrane.block.TokenSpan;
import io.membrane.wire.ReconstructionClient.Action;
import io.membrane.wire.ReconstructionClient.Coverage;
import io.membrane.wire.ReconstructionClient.Fidelity;
import io.membrane.wire.ReconstructionClient.Location;
import io.membrane.wire.ReconstructionClient.PlanResponse;
import io.membrane.wire.ReconstructionClient.PlannedStep;
import io.membrane.wire.ReconstructionClient.Segment;
import io.membrane.wire.ReconstructionClient.Source;
import io.membrane.wire.SchedulerClient.RouteResponse;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Steps that cover a prompt from its first token to its last without gap or overlap; what is
 * fetched or moved comes first. Immutable.
 */
public final class Plan {

  private final Prompt prompt;
  private final Stored stored;
  private final Supply supply;
  private final List<Step> steps;
  private final Choice choice;

  /**
   * @param stored what the plan was made from
   * @param supply how what is reused, or could be, gets to the target
   * @param choice why it is this plan
   */
  Plan(Prompt prompt, Stored stored, Supply supply, List<Step> steps, Choice choice) {
    this.prompt = prompt;
    this.stored = stored;
    this.supply = supply;
    this.steps = List.copyOf(steps);
    this.choice = choice;
    int at = 0;
    boolean behind = false;
    for (Step step : steps) {
      if (step.span().from() != at || (isReuse(step) && behind)) {
        throw new IllegalArgumentException("step " + step + " cannot begin at token " + at);
      }
      at = step.span().to();
      behind = !isReuse(step);
    }
    if (at != prompt.totalTokens()) {
      throw new IllegalArgumentException("the steps end at token " + at);
    }
  }

  public Prompt prompt() {
    return prompt;
  }

  public List<Step> steps() {
    return steps;
  }

  public Choice choice() {
    return choice;
  }

  /** Leading blocks that are fetched or moved. */
  public int reusedBlocks() {
    return steps.stream()
        .takeWhile(Plan::isReuse)
        .mapToInt(step -> step.span().length() / prompt.blockTokens())
        .sum();
  }

  /** Leading full blocks whose KV is there once the plan is carried out. */
  public int coveredBlocks() {
    int covered = 0;
    for (Step step : steps) {
      if (step instanceof Step.Leave) {
        break;
      }
      covered = step.span().to();
    }
    return covered / prompt.blockTokens();
  }

  /** Blocks that are computed although they could be had: that is expected to be faster. */
  public int declinedBlocks() {
    return Math.max(0, supply.blocks() - reusedBlocks());
  }

  /** Whether full blocks are computed that the target cannot have. */
  public boolean makesBlocks() {
    return Math.max(supply.blocks(), reusedBlocks()) < coveredBlocks();
  }

  /** The link of each block that is reused; empty if nothing is computed. */
  public List<Link> links() {
    return supply.links().subList(0, Math.min(supply.blocks(), reusedBlocks()));
  }

  /**
   * The plan as it was carried out: what could not be fetched was computed instead.
   *
   * @param reused leading blocks that were really reused, at most {@link #reusedBlocks}
   * @param cluster whose worker computed
   */
  public Plan carriedOut(int reused, String cluster) {
    int planned = reusedBlocks();
    if (reused == planned) {
      return this;
    }
    List<Step> really = new ArrayList<>();
    int end = prompt.tokens(reused);
    for (Step step : steps) {
      if (!isReuse(step)) {
        break;
      }
      if (step.span().from() < end) {
        really.add(step.span().to() <= end ? step : until(step, end));
      }
    }
    really.add(
        new Step.Recompute(
            new TokenSpan(end, prompt.tokens(planned)), cluster, null, Why.NOT_FETCHED));
    steps.stream().filter(step -> !isReuse(step)).forEach(really::add);
    return new Plan(prompt, stored, supply, really, choice);
  }

  /** The steps as the caller sees what was done. */
  public List<Segment> segments() {
    return steps.stream()
        .map(step ->
            switch (step) {
              case Step.Fetch s -> segment(s, Source.FRAGMENT, Fidelity.EXACT);
              case Step.Move s -> segment(s, Source.FRAGMENT, Fidelity.EXACT);
              case Step.Recompute s -> segment(s, Source.PREFILL, null);
              case Step.Leave s -> segment(s, Source.MISSING, null);
            })
        .toList();
  }

  /** The plan as the caller sees it. */
  public PlanResponse described(@Nullable RouteResponse route) {
    return new PlanResponse(
        prompt.blockTokens(),
        prompt.totalTokens(),
        steps.stream()
            .map(step ->
                switch (step) {
                  case Step.Fetch s -> planned(s, Action.FETCH, null);
                  case Step.Move s -> planned(s, Action.MOVE, s.from());
                  case Step.Recompute s -> planned(s, Action.RECOMPUTE, null);
                  case Step.Leave s -> planned(s, Action.LEAVE, null);
                })
            .toList(),
        choice.costMs(),
        choice.alternatives(),
        choice.reason(),
        route);
  }

  /** Tokens by source. */
  public Coverage coverage() {
    int reused = 0;
    int prefilled = 0;
    int missing = 0;
    for (Step step : steps) {
      int length = step.span().length();
      switch (step) {
        case Step.Fetch s -> reused += length;
        case Step.Move s -> reused += length;
        case Step.Recompute s -> prefilled += length;
        case Step.Leave s -> missing += length;
      }
    }
    return new Coverage(reused, prefilled, missing, (double) reused / prompt.totalTokens());
  }

  private static boolean isReuse(Step step) {
    return switch (step) {
      case Step.Fetch s -> true;
      case Step.Move s -> true;
      case Step.Recompute s -> false;
      case Step.Leave s -> false;
    };
  }

  /** The beginning of a step that reuses, of which nothing is expected. */
  private static Step until(Step step, int end) {
    TokenSpan span = new TokenSpan(step.span().from(), end);
    return step instanceof Step.Move move
        ? new Step.Move(span, move.from(), null, move.why())
        : new Step.Fetch(span, null, step.why());
  }

  private static PlannedStep planned(Step step, Action action, @Nullable String from) {
    return new PlannedStep(action, step.span(), from, step.costMs(), step.why());
  }

  private Segment segment(Step step, Source source, @Nullable Fidelity fidelity) {
    List<BlockHash> blocks = prompt.blocksOf(step.span());
    return new Segment(
        step.span(),
        source,
        fidelity,
        blocks,
        locations(step.span(), blocks),
        step.why(),
        step.costMs());
  }

  /** Places at which the directory names every block of the span. */
  private List<Location> locations(TokenSpan span, List<BlockHash> blocks) {
    if (blocks.isEmpty()) {
      return List.of();
    }
    int through = Math.ceilDiv(span.from(), prompt.blockTokens()) + blocks.size();
    return stored.matches().stream()
        .filter(m -> m.matchedBlocks() >= through)
        .map(m -> new Location(m.cluster(), m.node(), m.tier()))
        .toList();
  }
}
