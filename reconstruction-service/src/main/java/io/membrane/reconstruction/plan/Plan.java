package io.membrane.reconstruction.plan;

import io.membrane.block.BlockHash;
import io.membrane.block.TokenSpan;
import io.membrane.wire.ReconstructionClient.Coverage;
import io.membrane.wire.ReconstructionClient.Fidelity;
import io.membrane.wire.ReconstructionClient.Location;
import io.membrane.wire.ReconstructionClient.Segment;
import io.membrane.wire.ReconstructionClient.Source;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Steps that cover a prompt from its first token to its last without gap or overlap; at most the
 * first reuses. Immutable.
 *
 * @param stored what the plan was made from
 */
public record Plan(Prompt prompt, Stored stored, List<Step> steps) {

  public Plan {
    steps = List.copyOf(steps);
    int at = 0;
    for (Step step : steps) {
      if (step.span().from() != at || (step instanceof Step.Reuse && at > 0)) {
        throw new IllegalArgumentException("step " + step + " cannot begin at token " + at);
      }
      at = step.span().to();
    }
    if (at != prompt.totalTokens()) {
      throw new IllegalArgumentException("the steps end at token " + at);
    }
  }

  /** Leading blocks that are reused. */
  public int reusedBlocks() {
    return steps.getFirst() instanceof Step.Reuse reuse
        ? reuse.span().to() / prompt.blockTokens()
        : 0;
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
    if (reused > 0) {
      really.add(new Step.Reuse(new TokenSpan(0, prompt.tokens(reused)), steps.getFirst().why()));
    }
    really.add(
        new Step.Prefill(
            new TokenSpan(prompt.tokens(reused), prompt.tokens(planned)),
            cluster,
            Why.NOT_FETCHED));
    really.addAll(steps.subList(1, steps.size()));
    return new Plan(prompt, stored, really);
  }

  /** The steps as the caller sees them. */
  public List<Segment> segments() {
    return steps.stream()
        .map(step ->
            switch (step) {
              case Step.Reuse s -> segment(s, Source.FRAGMENT, Fidelity.EXACT);
              case Step.Prefill s -> segment(s, Source.PREFILL, null);
              case Step.Leave s -> segment(s, Source.MISSING, null);
            })
        .toList();
  }

  /** Tokens by source. */
  public Coverage coverage() {
    int reused = 0;
    int prefilled = 0;
    int missing = 0;
    for (Step step : steps) {
      int length = step.span().length();
      switch (step) {
        case Step.Reuse s -> reused += length;
        case Step.Prefill s -> prefilled += length;
        case Step.Leave s -> missing += length;
      }
    }
    return new Coverage(reused, prefilled, missing, (double) reused / prompt.totalTokens());
  }

  private Segment segment(Step step, Source source, @Nullable Fidelity fidelity) {
    List<BlockHash> blocks = prompt.blocksOf(step.span());
    return new Segment(
        step.span(), source, fidelity, blocks, locations(step.span(), blocks), step.why());
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
