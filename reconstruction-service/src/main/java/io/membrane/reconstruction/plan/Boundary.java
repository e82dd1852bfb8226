package io.membrane.reconstruction.plan;

import io.membrane.wire.ReconstructionClient.Alternative;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Where fetching ends and computing begins. KV is a chain: a block can be used only if all before
 * it are there, so with n blocks that can be had there are n + 1 plans: fetch the first k, compute
 * the rest.
 *
 * <p>Fetching k blocks is a running sum over the blocks, computing from there on the difference of
 * two points of the profile; one pass over k finds the least of all totals, the largest k of those
 * that are equal, which leaves the worker the least to do.
 *
 * <p>Where computing needs a state to begin behind, k is 0 or ends what a cluster has: only there a
 * state is known to be.
 *
 * <p>If that is not faster by {@link Costs#leastGainMs} than fetching all blocks, all are fetched.
 *
 * @param blocks k
 * @param least the k of the least total
 * @param fetchMs expected time to fetch as many leading blocks as the index says
 * @param totalMs expected time if that many are fetched and the rest is computed
 */
@SuppressWarnings("ArrayRecordComponent") // made and read within one plan
record Boundary(int blocks, int least, double[] fetchMs, double[] totalMs) {

  static Boundary of(Prompt prompt, Supply supply, Costs costs, PrefillProfile profile) {
    double[] fetch = supply.fetchMs(prompt, costs, profile);
    double[] total = new double[fetch.length];
    int least = 0;
    for (int k = 0; k < total.length; k++) {
      total[k] = fetch[k] + profile.recomputeMs(prompt.tokens(k), prompt.totalTokens());
      if (total[k] <= total[least] && isEnd(k, supply, costs)) {
        least = k;
      }
    }
    int all = total.length - 1;
    boolean pays = total[all] - total[least] >= costs.leastGainMs();
    return new Boundary(pays ? least : all, least, fetch, total);
  }

  private static boolean isEnd(int blocks, Supply supply, Costs costs) {
    return costs.endsAnywhere()
        || blocks == 0
        || blocks == supply.own()
        || blocks == supply.blocks();
  }

  Choice choice(Prompt prompt) {
    List<Alternative> others =
        IntStream.of(totalMs.length - 1, least, 0)
            .distinct()
            .filter(k -> k != blocks)
            .mapToObj(k -> new Alternative(prompt.tokens(k), totalMs[k]))
            .toList();
    String reason =
        blocks == least
            ? Why.least(prompt.tokens(blocks), totalMs[blocks], others)
            : Why.noGain(prompt.tokens(blocks), totalMs[blocks], others);
    return new Choice(totalMs[blocks], others, reason);
  }
}
