package io.membrane.scheduler.search;

import java.util.Arrays;

/**
 * Upper bounds of Λ and lower bounds of the egress price over ranges of thresholds: a binary tree
 * in heap order (node n has children 2n and 2n + 1) whose leaves cover {@value #LEAF} thresholds
 * each.
 */
final class Bounds {

  static final int ROOT = 1;
  static final int LEAF = 64;

  private final int thresholds;
  private final int leaves;
  private final double[] remote;
  private final double[] none;
  private final double[][] perInstance;
  private final double[] egressUsd;

  Bounds(Candidates c) {
    this.thresholds = c.remote.length;
    int covered = (thresholds + LEAF - 1) / LEAF;
    this.leaves = covered == 1 ? 1 : Integer.highestOneBit(covered - 1) << 1;
    this.remote = largest(c.remote);
    this.none = largest(c.none);
    this.perInstance = Arrays.stream(c.perInstance).map(this::largest).toArray(double[][]::new);
    this.egressUsd = smallest(c.egressUsd);
  }

  boolean isLeaf(int node) {
    return node >= leaves;
  }

  /** First threshold index of a leaf. */
  int from(int leaf) {
    return Math.min((leaf - leaves) * LEAF, thresholds);
  }

  /** One past the last threshold index of a leaf. */
  int to(int leaf) {
    return Math.min((leaf - leaves + 1) * LEAF, thresholds);
  }

  /** At least Λ of a split at every threshold below a node. */
  double sustained(int node, int[] split, double decode) {
    double local = none[node];
    for (int j = 0; j < split.length; j++) {
      local += split[j] * perInstance[j][node];
    }
    return Math.min(Math.min(remote[node], local), decode);
  }

  /**
   * What local prefill allows at most wherever the prefill clusters allow {@code rps}: without an
   * instance first, then for one instance of each pool.
   */
  double[] localWhereRemoteAllows(double rps) {
    double[] most = new double[1 + perInstance.length];
    for (int leaf = leaves; leaf < 2 * leaves; leaf++) {
      if (!(remote[leaf] < rps)) {
        most[0] = Math.max(most[0], none[leaf]);
        for (int j = 0; j < perInstance.length; j++) {
          most[j + 1] = Math.max(most[j + 1], perInstance[j][leaf]);
        }
      }
    }
    return most;
  }

  /** At most the egress price of a request at every threshold below a node. */
  double egressUsd(int node) {
    return egressUsd[node];
  }

  private double[] largest(double[] values) {
    double[] max = new double[2 * leaves];
    for (int leaf = leaves; leaf < max.length; leaf++) {
      double most = 0;
      for (int i = from(leaf); i < to(leaf); i++) {
        most = Math.max(most, values[i]);
      }
      max[leaf] = most;
    }
    for (int node = leaves - 1; node >= ROOT; node--) {
      max[node] = Math.max(max[2 * node], max[2 * node + 1]);
    }
    return max;
  }

  private double[] smallest(double[] values) {
    double[] min = new double[2 * leaves];
    for (int leaf = leaves; leaf < min.length; leaf++) {
      double least = Double.POSITIVE_INFINITY;
      for (int i = from(leaf); i < to(leaf); i++) {
        least = Math.min(least, values[i]);
      }
      min[leaf] = least;
    }
    for (int node = leaves - 1; node >= ROOT; node--) {
      min[node] = Math.min(min[2 * node], min[2 * node + 1]);
    }
    return min;
  }
}
