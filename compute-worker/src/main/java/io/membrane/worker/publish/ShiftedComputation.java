package io.membrane.worker.publish;

import io.membrane.block.TokenSpan;
import io.membrane.rpc.CallContext;
import io.membrane.wire.PrefillResponse.NextToken;
import io.membrane.wire.Shifted.ShiftedDeviation;
import io.membrane.worker.prefill.Deviation;
import io.membrane.worker.prefill.LogitDeviation;
import io.membrane.worker.prefill.MovedBlock;
import io.membrane.worker.prefill.Prefill;
import io.membrane.worker.prefill.ShiftedPrefill;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The part of a call with shifted blocks that needs the engine.
 *
 * @param tokens tokens that went through all layers
 * @param blocks KV of the full blocks behind the prefix
 * @param uses one for each shifted block
 * @param next the greedy next token, if asked for
 * @param deviation from the full prefill, if asked for
 * @param nanos time in the engine, without the full prefill
 */
record ShiftedComputation(
    int tokens,
    List<byte[]> blocks,
    List<Use> uses,
    @Nullable NextToken next,
    @Nullable ShiftedDeviation deviation,
    long nanos) {

  /**
   * What became of a block's tokens.
   *
   * @param others tokens whose KV is another token's
   * @param refused whether those were too many, so that none of it was kept
   * @param spans runs of tokens that have its KV
   */
  record Use(int others, boolean refused, List<TokenSpan> spans) {

    /** Tokens that have its KV. */
    int kept() {
      return spans.stream().mapToInt(TokenSpan::length).sum();
    }
  }

  /** To be called on the lane; gives up between two chunks once the caller's deadline is past. */
  static ShiftedComputation run(
      ServedModel served,
      Prompt prompt,
      List<byte[]> prefix,
      List<MovedBlock> shifted,
      Shifts shifts,
      boolean nextToken) {
    CallContext.checkDeadline("the wait for the engine");
    long start = System.nanoTime();
    try (ShiftedPrefill prefill =
        served.model().beginShifted(prompt.tokens(), prefix, prompt.blockTokens(), shifted)) {
      compute(prefill, shifts.share());
      Computation.requireFinite(served, prefill.isFinite());
      float[] logits = prefill.logits();
      NextToken next = nextToken ? Computation.greedy(served, logits) : null;
      List<byte[]> blocks = new ArrayList<>();
      for (int block = prefix.size(); block < prompt.chain().size(); block++) {
        blocks.add(prefill.kv(prompt.span(block).from(), prompt.span(block).to()));
      }
      List<Use> uses =
          shifted.stream().map(b -> use(prefill, b.at(), prompt.blockTokens())).toList();
      long nanos = System.nanoTime() - start;
      ShiftedDeviation deviation =
          shifts.measure() ? deviation(served, prompt, prefix, prefill, logits) : null;
      return new ShiftedComputation(prefill.computedTokens(), blocks, uses, next, deviation, nanos);
    }
  }

  private static void compute(ShiftedPrefill prefill, double share) {
    while (prefill.inspect()) {
      CallContext.checkDeadline("the look at the first layers");
    }
    prefill.choose(share);
    while (prefill.advance()) {
      CallContext.checkDeadline("prefill");
    }
  }

  private static Use use(ShiftedPrefill prefill, int at, int blockTokens) {
    int end = at + blockTokens;
    return new Use(
        (int) IntStream.range(at, end).filter(prefill::isOther).count(),
        prefill.isRefused(at),
        runs(IntStream.range(at, end).filter(t -> !prefill.isComputed(t))));
  }

  private static List<TokenSpan> runs(IntStream ascending) {
    BitSet tokens = new BitSet();
    ascending.forEach(tokens::set);
    List<TokenSpan> runs = new ArrayList<>();
    int from = tokens.nextSetBit(0);
    while (from >= 0) {
      int to = tokens.nextClearBit(from);
      runs.add(new TokenSpan(from, to));
      from = tokens.nextSetBit(to);
    }
    return List.copyOf(runs);
  }

  private static ShiftedDeviation deviation(
      ServedModel served,
      Prompt prompt,
      List<byte[]> prefix,
      ShiftedPrefill shifted,
      float[] logits) {
    long start = System.nanoTime();
    try (Prefill full = served.model().begin(prompt.tokens(), prefix, prompt.blockTokens())) {
      while (full.advance()) {
        CallContext.checkDeadline("the full prefill to measure by");
      }
      LogitDeviation next = LogitDeviation.of(full.logits(), logits);
      double fullMs = (System.nanoTime() - start) / 1e6;
      Computation.requireFinite(served, full.isFinite());
      Deviation keys = shifted.keyDeviation(full);
      Deviation values = shifted.valueDeviation(full);
      return new ShiftedDeviation(
          keys.relative(),
          keys.max(),
          values.relative(),
          values.max(),
          next.max(),
          next.divergence(),
          next.sameGreedy(),
          fullMs);
    }
  }
}
