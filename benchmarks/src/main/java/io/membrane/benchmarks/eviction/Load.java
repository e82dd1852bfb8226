package io.membrane.benchmarks.eviction;

import io.membrane.scheduler.simulation.traffic.Trace;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Prompts as blocks, with what each block takes and what it costs to have it again.
 *
 * <p>The cost of block i is T(512 (i + 1)) − T(512 i), where T(l) are the seconds of a prefill of
 * the paper's 1T hybrid model on 8 H200 (arXiv:2604.15039v2, Table 5), linear between the table's
 * rows. Below the first row the first slope goes on: what a prefill costs at any length is no
 * block's.
 */
public final class Load {

  static final int NO_PARENT = -1;

  private static final double[] TOKENS = {1024, 8192, 32768, 131072};
  private static final double[] SECONDS = {0.44, 0.72, 1.84, 7.40};
  private static final int[] SIZES = {1, 2, 4};

  private final int[][] prompts;
  private final int[] parents;
  private final int[] bytes;
  private final double[] costs;
  private final long footprint;
  private final int blocks;

  private Load(int[][] prompts, int[] bytes) {
    this.prompts = prompts;
    this.bytes = bytes;
    this.parents = new int[bytes.length];
    this.costs = new double[bytes.length];
    Arrays.fill(parents, NO_PARENT);
    for (int[] prompt : prompts) {
      for (int i = 0; i < prompt.length; i++) {
        parents[prompt[i]] = i == 0 ? NO_PARENT : prompt[i - 1];
        costs[prompt[i]] =
            prefillSeconds(Trace.BLOCK_TOKENS * (i + 1)) - prefillSeconds(Trace.BLOCK_TOKENS * i);
      }
    }
    int[] used = Arrays.stream(prompts).flatMapToInt(Arrays::stream).distinct().toArray();
    this.blocks = used.length;
    this.footprint = Arrays.stream(used).mapToLong(block -> bytes[block]).sum();
  }

  private static double prefillSeconds(int tokens) {
    int row = 0;
    while (row < TOKENS.length - 2 && tokens > TOKENS[row + 1]) {
      row++;
    }
    double slope = (SECONDS[row + 1] - SECONDS[row]) / (TOKENS[row + 1] - TOKENS[row]);
    return SECONDS[row] + (tokens - TOKENS[row]) * slope;
  }

  /** The trace as it is, every block of size 1. */
  public static Load uniform(Trace trace) {
    int[] bytes = new int[trace.distinctBlocks()];
    Arrays.fill(bytes, 1);
    return new Load(prompts(trace), bytes);
  }

  /**
   * The sessions of the trace dealt to three models whose blocks take 1, 2 and 4, by a hash of the
   * second block (the first is the same in all prompts, and so becomes three).
   */
  static Load unlike(Trace trace) {
    int[][] prompts = prompts(trace);
    int distinct = trace.distinctBlocks();
    int[] bytes = new int[distinct + SIZES.length];
    for (int[] prompt : prompts) {
      int model = ((session(prompt, 0) * 0x9E3779B9) >>> 16) % SIZES.length;
      prompt[0] = distinct + model;
      for (int block : prompt) {
        bytes[block] = SIZES[model];
      }
    }
    return new Load(prompts, bytes);
  }

  /** Every session begins at another moment; the pauses within it stay. */
  static Load shuffled(Trace trace, long seed) {
    int[][] prompts = prompts(trace);
    Map<Integer, Double> first = new HashMap<>();
    Map<Integer, Double> last = new HashMap<>();
    for (int i = 0; i < prompts.length; i++) {
      first.putIfAbsent(session(prompts[i], i), trace.seconds(i));
      last.put(session(prompts[i], i), trace.seconds(i));
    }
    Random random = new Random(seed);
    Map<Integer, Double> begin = new HashMap<>();
    double[] at = new double[prompts.length];
    for (int i = 0; i < prompts.length; i++) {
      int session = session(prompts[i], i);
      double length = last.getOrDefault(session, 0.0) - first.getOrDefault(session, 0.0);
      double start =
          begin.computeIfAbsent(
              session, s -> random.nextDouble() * (trace.durationSeconds() - length));
      at[i] = trace.seconds(i) - first.getOrDefault(session, 0.0) + start;
    }
    int[][] order =
        IntStream.range(0, prompts.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> at[i]))
            .map(i -> prompts[i])
            .toArray(int[][]::new);
    return new Load(order, uniform(trace).bytes);
  }

  private static int session(int[] prompt, int request) {
    return prompt.length > 1 ? prompt[1] : -1 - request;
  }

  private static int[][] prompts(Trace trace) {
    return IntStream.range(0, trace.requests())
        .filter(r -> trace.blocks(r) > 0)
        .mapToObj(r -> IntStream.range(0, trace.blocks(r)).map(i -> trace.block(r, i)).toArray())
        .toArray(int[][]::new);
  }

  public int prompts() {
    return prompts.length;
  }

  /** The blocks of a prompt; not to be changed. */
  public int[] prompt(int i) {
    return prompts[i];
  }

  /** One more than the largest block. */
  public int end() {
    return bytes.length;
  }

  /** What all blocks take together. */
  public long footprint() {
    return footprint;
  }

  /** What a block takes on average. */
  double meanBytes() {
    return (double) footprint / blocks;
  }

  int bytes(int block) {
    return bytes[block];
  }

  double cost(int block) {
    return costs[block];
  }

  /** The block before, or {@link #NO_PARENT}. */
  int parent(int block) {
    return parents[block];
  }
}
