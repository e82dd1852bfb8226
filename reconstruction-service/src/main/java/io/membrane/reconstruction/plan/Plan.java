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
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Steps that cover a prompt from its first token to its last without gap or overlap; what is
 * fetched or moved comes first, unless it was carried out otherwise. Immutable.
 */
public final class Plan {

  private final Prompt prompt;
  private final Stored stored;
  private final Supply supply;
  private final List<Step> steps;
  private final Choice choice;
  private final int kept;

  /**
   * @param stored what the plan was made from
   * @param supply how what is reused, or could be, gets to the target
   * @param choice why it is this plan
   */
  Plan(Prompt prompt, Stored stored, Supply supply, List<Step> steps, Choice choice) {
    this(prompt, stored, supply, steps, choice, prompt.blocks());
    boolean behind = false;
    for (Step step : steps) {
      if (isReuse(step) && behind) {
        throw new IllegalArgumentException("step " + step + " is behind one that computes");
      }
      behind = !isReuse(step);
    }
  }

  private Plan(
      Prompt prompt, Stored stored, Supply supply, List<Step> steps, Choice choice, int kept) {
    this.prompt = prompt;
    this.stored = stored;
    this.supply = supply;
    this.steps = List.copyOf(steps);
    this.choice = choice;
    this.kept = kept;
    int at = 0;
    for (Step step : steps) {
      if (step.span().from() != at) {
        throw new IllegalArgumentException("step " + step + " cannot begin at token " + at);
      }
      at = step.span().to();
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

  /** Blocks that are fetched or moved; the leading ones, unless it was carried out otherwise. */
  public int reusedBlocks() {
    return steps.stream()
        .filter(Plan::isReuse)
        .mapToInt(step -> step.span().length() / prompt.blockTokens())
        .sum();
  }

  /** Milliseconds that computing what is reused would take. */
  public double reusedMs(PrefillProfile profile) {
    return steps.stream()
        .filter(Plan::isReuse)
        .mapToDouble(step -> profile.recomputeMs(step.span().from(), step.span().to()))
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
    return Math.min(kept, covered / prompt.blockTokens());
  }

  /** Blocks that are computed although they could be had: that is expected to be faster. */
  public int declinedBlocks() {
    return Math.max(0, supply.blocks() - reusedBlocks());
  }

  /** Tokens that are not reused, by why; the plan is to be as it was carried out. */
  public Map<NotReused, Integer> notReused() {
    Map<NotReused, Integer> missed = new EnumMap<>(NotReused.class);
    for (Step step : steps) {
      if (!isReuse(step)) {
        missed.merge(reason(step), step.span().length(), Integer::sum);
      }
    }
    return missed;
  }

  /** Every step but one that did not come, or not in time, begins where its reason does. */
  private NotReused reason(Step step) {
    int from = step.span().from();
    if (step.why().startsWith(Why.NOT_FETCHED)) {
      return NotReused.NOT_FETCHED;
    }
    if (step.why().startsWith(Why.OUTRUN)) {
      return NotReused.SLOWER;
    }
    if (from >= prompt.tokens(prompt.blocks())) {
      return NotReused.TAIL;
    }
    if (from >= prompt.tokens(stored.named())) {
      return NotReused.NOT_STORED;
    }
    if (from >= prompt.tokens(stored.anywhere())) {
      return NotReused.GONE;
    }
    return from >= prompt.tokens(supply.blocks()) ? NotReused.ELSEWHERE : NotReused.SLOWER;
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
   * The plan as it was carried out: what did not come, or not soon enough, was computed instead.
   *
   * @param arrivals one for each block that it reuses, in order
   * @param cluster whose worker computed
   */
  public Plan carriedOut(List<Arrival> arrivals, String cluster) {
    return new Plan(
        prompt,
        stored,
        supply,
        CarriedOut.steps(prompt, steps, arrivals, cluster, null),
        choice,
        kept);
  }

  /**
   * The same, where not all that was computed is stored.
   *
   * @param block the first block that is not
   * @param why in words
   */
  public Plan carriedOut(List<Arrival> arrivals, String cluster, int block, String why) {
    CarriedOut.Unstored unstored = new CarriedOut.Unstored(block, why);
    return new Plan(
        prompt,
        stored,
        supply,
        CarriedOut.steps(prompt, steps, arrivals, cluster, unstored),
        choice,
        block);
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

  static boolean isReuse(Step step) {
    return switch (step) {
      case Step.Fetch s -> true;
      case Step.Move s -> true;
      case Step.Recompute s -> false;
      case Step.Leave s -> false;
    };
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
