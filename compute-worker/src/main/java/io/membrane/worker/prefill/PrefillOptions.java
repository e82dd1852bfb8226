package io.membrane.worker.prefill;

import io.membrane.worker.checkpoint.ElementType;
import org.jspecify.annotations.Nullable;

/**
 * How a model computes.
 *
 * @param device {@code auto}, {@code cpu} or {@code cuda:N}; auto takes the first GPU if there is
 *     one
 * @param kvType type that K and V are rounded to before attention; null for the weights' type
 * @param chunkTokens queries that go through the model at once. Chunks end at the multiples of it,
 *     so that a block computed behind a reused prefix sees the very operations that it sees in a
 *     full prefill whenever this is the block size (or divides it)
 * @param threads threads of the engine; 0 for one per core
 * @param snapshots where a hybrid model's state is kept
 */
public record PrefillOptions(
    String device,
    @Nullable ElementType kvType,
    int chunkTokens,
    int threads,
    SnapshotRule snapshots) {

  /** With a snapshot at the last full block and at every 16th before it. */
  public PrefillOptions(String device, @Nullable ElementType kvType, int chunkTokens, int threads) {
    this(device, kvType, chunkTokens, threads, new SnapshotRule(16, 8));
  }
}
