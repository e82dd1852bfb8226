package io.membrane.worker.prefill;

/**
 * At which block boundaries a prefill of a hybrid model takes snapshots: at the last full block,
 * and at every so-many-th block before it. Where those would be more than the limit, the distance
 * doubles until they are not, so that prompts of different lengths still meet at the same
 * boundaries.
 *
 * @param every blocks from one snapshot to the next
 * @param limit most snapshots of one prefill, the last one aside
 */
public record SnapshotRule(int every, int limit) {

  public SnapshotRule {
    if (every < 1 || limit < 1) {
      throw new IllegalArgumentException("every and limit are at least 1");
    }
  }

  /**
   * The first boundary after {@code done} blocks.
   *
   * @param reused blocks that the prefill began with
   * @param total full blocks of the prompt
   * @return blocks before it; {@code total} if there is none before the last
   */
  int next(int reused, int done, int total) {
    long step = every;
    while (total / step - reused / step > limit) {
      step *= 2;
    }
    return (int) Math.min(total, (done / step + 1) * step);
  }

  /**
   * The end of the blocks before the next snapshot, in tokens.
   *
   * @param reused as in {@link #next}, as is {@code total}
   * @param done tokens that are computed or reused
   * @return the largest number if no snapshot follows
   */
  int nextEnd(int reused, int done, int total, int blockTokens) {
    int blocks = done / blockTokens;
    return blocks >= total ? Integer.MAX_VALUE : next(reused, blocks, total) * blockTokens;
  }
}
