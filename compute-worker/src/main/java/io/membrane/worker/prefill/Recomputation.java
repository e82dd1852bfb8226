package io.membrane.worker.prefill;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Which tokens of a prompt with shifted blocks are computed.
 *
 * <p>Goal: spend a given share of the covered tokens where the kept KV is furthest from what the
 * prompt would have made.
 *
 * <p>Constraints: a token that is not covered is computed; so is the last one, and so is each whose
 * loaded KV is another token's, which layer 0 tells: there K and V depend on token and position
 * alone. A block may be refused as a whole: then all of it is computed.
 *
 * <p>Algorithm: CacheBlend's (arXiv:2405.16444). Layer 1 is the first whose K and V depend on the
 * tokens before; how far the loaded ones are from computed ones there ranks the tokens, K and V
 * each relative to their mean length. The earlier token wins a tie.
 *
 * @param computed positions, ascending
 * @param others covered positions whose loaded KV is another token's
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Recomputation(int[] computed, BitSet others) {

  /** Values that a token has in a look at the first layers. */
  static final int COLUMNS = 8;

  /** Relative distance from which K or V of layer 0 is another token's: far above any rounding. */
  private static final double OTHER = 0.1;

  /**
   * @param from first position behind the prefix
   * @param to length of the prompt
   * @param covered positions whose KV was loaded, all in that range
   * @param refused those of them of which nothing is kept
   * @param look of each position in it: squared distance of K, squared length of K, the same of V,
   *     in layer 0 and again in layer 1; positions behind the last covered one may be left out
   * @param share of the covered tokens that are not refused that is computed, 0 to 1
   */
  static Recomputation choose(
      int from, int to, BitSet covered, BitSet refused, float[] look, double share) {
    BitSet others = others(from, covered, look);
    BitSet kept = (BitSet) covered.clone();
    kept.andNot(refused);
    BitSet computed = new BitSet();
    computed.set(from, to);
    computed.andNot(kept);
    computed.or(others);
    computed.set(to - 1);
    ranked(from, kept, look)
        .limit((long) Math.ceil(share * kept.cardinality()))
        .forEach(computed::set);
    return new Recomputation(computed.stream().toArray(), others);
  }

  /** Covered positions whose loaded KV is another token's; arguments as of {@link #choose}. */
  static BitSet others(int from, BitSet covered, float[] look) {
    BitSet others = new BitSet();
    covered.stream().filter(t -> isOther(look, (t - from) * COLUMNS)).forEach(others::set);
    return others;
  }

  private static boolean isOther(float[] look, int at) {
    return !(look[at] <= OTHER * OTHER * look[at + 1])
        || !(look[at + 2] <= OTHER * OTHER * look[at + 3]);
  }

  private static IntStream ranked(int from, BitSet covered, float[] look) {
    double k = sum(from, covered, look, 5);
    double v = sum(from, covered, look, 7);
    double[] scores =
        IntStream.range(0, look.length / COLUMNS)
            .mapToDouble(t -> ratio(look[t * COLUMNS + 4], k) + ratio(look[t * COLUMNS + 6], v))
            .toArray();
    return covered.stream()
        .boxed()
        .sorted(Comparator.comparingDouble((Integer t) -> -scores[t - from]))
        .mapToInt(Integer::intValue);
  }

  private static double sum(int from, BitSet covered, float[] look, int column) {
    return covered.stream().mapToDouble(t -> look[(t - from) * COLUMNS + column]).sum();
  }

  private static double ratio(double part, double whole) {
    return whole > 0 ? part / whole : part;
  }

  /** How many positions from {@code from} on are computed without a gap. */
  int leading(int from) {
    int run = 0;
    while (run < computed.length && computed[run] == from + run) {
      run++;
    }
    return run;
  }

  /** Whether a position is computed. */
  boolean isComputed(int position) {
    return Arrays.binarySearch(computed, position) >= 0;
  }
}
