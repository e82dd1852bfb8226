package io.membrane.scheduler.control;

import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.search.Objective;
import io.membrane.scheduler.search.Search;
import io.membrane.scheduler.search.ThresholdRange;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Throughput;
import io.membrane.scheduler.throughput.Workload;
import java.util.List;

/**
 * The model over measured lengths. A split is judged on a grid of {@value #GRID} thresholds; the
 * threshold of a given split is then searched token by token between the grid's neighbours of the
 * best one.
 */
final class Tuning {

  private static final int GRID = 1024;

  private final Fleet fleet;
  private final Workload workload;
  private final ThresholdRange grid;
  private final Producers coarse;

  Tuning(Fleet fleet, Workload workload) {
    this.fleet = fleet;
    this.workload = workload;
    ThresholdRange all = ThresholdRange.over(workload.input());
    int step = Math.max(1, Math.ceilDiv(all.to() - all.from(), GRID));
    this.grid = new ThresholdRange(all.from(), all.from() + GRID * step, step);
    this.coarse = new Producers(fleet, workload.input(), grid);
  }

  /** The best split there is, and its threshold. */
  Configuration best() {
    return Search.best(fleet, workload, grid, Objective.THROUGHPUT);
  }

  /** A split with the threshold that fits it best; of equally good ones the lowest. */
  Configuration of(List<Integer> split) {
    int near = coarse.best(split);
    int from = Math.max(grid.from(), near - grid.step());
    ThresholdRange between = new ThresholdRange(from, near + grid.step(), 1);
    return at(new Producers(fleet, workload.input(), between).best(split), split);
  }

  Configuration at(int threshold, List<Integer> split) {
    return Configuration.of(fleet, workload, threshold, split);
  }

  /** What both producers carry: Λ_max where decode does not limit it. */
  static double producersRps(Configuration c) {
    double p = c.classes().offloaded();
    return Math.min(
        Throughput.carriedRps(c.prefillClustersRps(), p),
        Throughput.carriedRps(c.localPrefillRps(), 1 - p));
  }
}
