package io.membrane.scheduler.search;

import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.Workload;
import java.util.Arrays;

/**
 * The best threshold and split of a fleet.
 *
 * <p>Goal: the highest score, Λ_max or the negative price of a request. Ties are broken by the
 * smallest residual of (7), then of (8), then the lowest threshold, then the split that prefills
 * least in the first pool; so the answer does not depend on how it was found.
 *
 * <p>Algorithm: up to {@value #EXHAUSTIVE_PAIRS} pairs every pair is looked at, but for splits that
 * decode less than the best pair found serves. Beyond, which takes several pools in the PD cluster,
 * a tree over the thresholds bounds Λ of a split over a range of them by the maxima of what the
 * prefill clusters and one local instance allow there (branch and bound, A. H. Land and A. G. Doig,
 * Econometrica 28, 1960); a range whose bound stays below the best score found so far is not
 * opened. Nor is a split looked at whose local prefill allows too little even if each of its pools
 * had the threshold that suits it most, among those at which the prefill clusters allow enough. The
 * bounds need no monotony of the profiles, and what can still tie is looked at, so the answer is
 * the exhaustive one. Prefill clusters and their instances add no dimension: they share the long
 * prompts by what each sustains.
 */
public final class Search {

  /** Pairs of threshold and split that are looked at one by one, a few milliseconds' worth. */
  private static final long EXHAUSTIVE_PAIRS = 2_000_000L;

  /** Most ways in which the PD cluster's pools can be split. */
  public static final int MAX_SPLITS = 300_000;

  /** Splits that are searched before the others, so that the bounds cut early. */
  private static final int SCOUTS = 64;

  /** Splits between two calls of the checkpoint. */
  private static final int STAGE = 64;

  private static final double NOTHING = Double.NEGATIVE_INFINITY;

  private final Fleet fleet;
  private final Workload workload;
  private final Objective objective;
  private final Candidates candidates;

  private Search(Fleet fleet, Landscape land, Objective objective) {
    if (!fleet.kvBytes().equals(land.kvBytes)) {
      throw new IllegalArgumentException("the landscape was made for another model's KV");
    }
    this.fleet = fleet;
    this.workload = land.workload;
    this.objective = objective;
    requireSplits(fleet, MAX_SPLITS);
    this.candidates = new Candidates(fleet, land);
    if (candidates.splits.isEmpty()) {
      throw new IllegalArgumentException("no instance of '%s' decodes".formatted(fleet.pdName()));
    }
  }

  /** The best configuration over all thresholds of the workload's lengths. */
  public static Configuration best(Fleet fleet, Workload workload, Objective objective) {
    return best(fleet, workload, ThresholdRange.over(workload.input()), objective);
  }

  /** The best configuration over these thresholds. */
  public static Configuration best(
      Fleet fleet, Workload workload, ThresholdRange range, Objective objective) {
    return best(fleet, new Landscape(workload, fleet.kvBytes(), range), objective, () -> {});
  }

  /**
   * The best configuration over a landscape that may have served other fleets before.
   *
   * @param fleet of the model that the landscape was made for
   * @param checkpoint called on this thread before the search and every few milliseconds of it;
   *     what it throws ends the search
   */
  public static Configuration best(
      Fleet fleet, Landscape land, Objective objective, Runnable checkpoint) {
    checkpoint.run();
    Search search = new Search(fleet, land, objective);
    long pairs = (long) land.range.count() * search.candidates.splits.size();
    return pairs <= EXHAUSTIVE_PAIRS ? search.exhaustive() : search.bounded(checkpoint);
  }

  /**
   * Refuses a fleet that is too large to be searched.
   *
   * @param most ways in which the PD cluster's pools may be split
   * @throws IllegalArgumentException if there are more
   */
  public static void requireSplits(Fleet fleet, int most) {
    if (splits(fleet) > most) {
      throw new IllegalArgumentException(
          "the pools of '%s' can be split in more than %d ways; plan it with fewer kinds of"
                  .formatted(fleet.pdName(), most)
              + " instances, or scale all counts down");
    }
  }

  private static long splits(Fleet fleet) {
    long all = 1;
    for (Pool pool : fleet.pd()) {
      if (pool.canDecode() && all < Long.MAX_VALUE / (pool.instances() + 1L)) {
        all *= pool.instances() + 1L;
      } else if (pool.canDecode()) {
        return Long.MAX_VALUE;
      }
    }
    return all;
  }

  static Configuration exhaustive(
      Fleet fleet, Workload workload, ThresholdRange range, Objective objective) {
    return new Search(fleet, new Landscape(workload, fleet.kvBytes(), range), objective)
        .exhaustive();
  }

  static Configuration bounded(
      Fleet fleet, Workload workload, ThresholdRange range, Objective objective) {
    return new Search(fleet, new Landscape(workload, fleet.kvBytes(), range), objective)
        .bounded(() -> {});
  }

  private Configuration exhaustive() {
    Incumbent best = new Incumbent();
    double[] local = new double[candidates.range.count()];
    for (int[] split : candidates.splits) {
      double decode = candidates.decode(split);
      if (score(decode, 0) < best.score) {
        continue;
      }
      candidates.local(split, local);
      for (int i = 0; i < local.length; i++) {
        double sustained = Math.min(Math.min(candidates.remote[i], local[i]), decode);
        double score = score(sustained, candidates.egressUsd[i]);
        if (score >= best.score) {
          best.offer(score, i, split, decode);
        }
      }
    }
    return best.configuration();
  }

  private Configuration bounded(Runnable checkpoint) {
    Bounds bounds = new Bounds(candidates);
    Incumbent best = new Incumbent();
    int stride = candidates.splits.size() / SCOUTS + 1;
    for (int i = 0; i < candidates.splits.size(); i += stride) {
      descend(bounds, Bounds.ROOT, candidates.splits.get(i), best);
    }
    double known = NOTHING;
    double least = 0;
    double[] local = bounds.localWhereRemoteAllows(least);
    for (int i = 0; i < candidates.splits.size(); i++) {
      if (i % STAGE == 0) {
        checkpoint.run();
        if (best.score > known) {
          known = best.score;
          least = least(known);
          local = bounds.localWhereRemoteAllows(least);
        }
      }
      int[] split = candidates.splits.get(i);
      if (i % stride != 0 && !(allows(local, split) < least)) {
        descend(bounds, Bounds.ROOT, split, best);
      }
    }
    return best.configuration();
  }

  /** What a pair of this score or a better one sustains at least, less a rounding. */
  private double least(double score) {
    return (1 - 1e-12)
        * switch (objective) {
          case THROUGHPUT -> score;
          case COST -> candidates.usdPerSecond / -score;
        };
  }

  /** At least what local prefill allows a split. */
  private static double allows(double[] local, int[] split) {
    double rps = local[0];
    for (int j = 0; j < split.length; j++) {
      rps += split[j] * local[j + 1];
    }
    return rps;
  }

  /** Searches the thresholds below a node for a split, the more promising half first. */
  private void descend(Bounds bounds, int node, int[] split, Incumbent best) {
    double decode = candidates.decode(split);
    if (bound(bounds, node, split, decode) < best.score) {
      return;
    }
    if (bounds.isLeaf(node)) {
      look(split, decode, bounds.from(node), bounds.to(node), best);
      return;
    }
    int left = 2 * node;
    int right = left + 1;
    boolean leftFirst = bound(bounds, left, split, decode) >= bound(bounds, right, split, decode);
    descend(bounds, leftFirst ? left : right, split, best);
    descend(bounds, leftFirst ? right : left, split, best);
  }

  private double bound(Bounds bounds, int node, int[] split, double decode) {
    return score(bounds.sustained(node, split, decode), bounds.egressUsd(node));
  }

  private void look(int[] split, double decode, int from, int to, Incumbent best) {
    for (int i = from; i < to; i++) {
      double score = score(candidates.sustained(i, split, decode), candidates.egressUsd[i]);
      if (score >= best.score) {
        best.offer(score, i, split, decode);
      }
    }
  }

  private double score(double sustained, double egressUsd) {
    return switch (objective) {
      case THROUGHPUT -> sustained;
      case COST -> sustained > 0 ? -(candidates.usdPerSecond / sustained + egressUsd) : NOTHING;
    };
  }

  /** The best pair so far, and what decides between equals. */
  private final class Incumbent {

    private double score = NOTHING;
    private int threshold = -1;
    private int[] split = {};
    private double producers;
    private double stages;

    void offer(double offered, int index, int[] by, double decode) {
      double offeredProducers = candidates.producerImbalance(index, by);
      double offeredStages = candidates.stageImbalance(index, by, decode);
      if (offered > score || threshold < 0 || wins(offeredProducers, offeredStages, index, by)) {
        score = offered;
        threshold = index;
        split = by;
        producers = offeredProducers;
        stages = offeredStages;
      }
    }

    private boolean wins(double offeredProducers, double offeredStages, int index, int[] by) {
      if (offeredProducers != producers) {
        return offeredProducers < producers;
      }
      if (offeredStages != stages) {
        return offeredStages < stages;
      }
      if (index != threshold) {
        return index < threshold;
      }
      return Arrays.compare(by, split) < 0;
    }

    Configuration configuration() {
      return Configuration.of(
          fleet, workload, candidates.range.at(threshold), Arrays.stream(split).boxed().toList());
    }
  }
}
