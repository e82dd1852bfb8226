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

  /** At most the egress price of a request at every threshold below a node. */
  double egressUsd(int node) {
    return egressUsd[node];
  }

  private double[] largest(double[] values) {
    double[] max = new double[2 * leaves];
    for (int i = 0; i < values.length; i++) {
      int leaf = leaves + i / LEAF;
      max[leaf] = Math.max(max[leaf], values[i]);
    }
    for (int node = leaves - 1; node >= ROOT; node--) {
      max[node] = Math.max(max[2 * node], max[2 * node + 1]);
    }
    return max;
  }

  private double[] smallest(double[] values) {
    double[] min = new double[2 * leaves];
    Arrays.fill(min, Double.POSITIVE_INFINITY);
    for (int i = 0; i < values.length; i++) {
      int leaf = leaves + i / LEAF;
      min[leaf] = Math.min(min[leaf], values[i]);
    }
    for (int node = leaves - 1; node >= ROOT; node--) {
      min[node] = Math.min(min[2 * node], min[2 * node + 1]);
    }
    return min;
  }
}
