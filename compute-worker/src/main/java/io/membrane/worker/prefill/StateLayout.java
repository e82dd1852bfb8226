package io.membrane.worker.prefill;

import io.membrane.block.Slice;
import io.membrane.worker.checkpoint.HybridLayers;

/**
 * How a snapshot of the linear layers lies in memory, as float32 in native (little-endian) byte
 * order, whatever the model computes in:
 *
 * <pre>
 *  [linear layers] of
 *    [value_heads][key_dim][value_dim]   the recurrent state behind the last token
 *    [channels][kernel - 1]              the last tokens that the convolution has seen, oldest first
 * </pre>
 *
 * @param depth layers of the model, those of attention included
 */
public record StateLayout(
    int depth, int layers, int valueHeads, int keyDim, int valueDim, int channels, int kernel) {

  static StateLayout of(HybridLayers hybrid) {
    return new StateLayout(
        hybrid.linear().size(),
        hybrid.linearLayers(),
        hybrid.valueHeads(),
        hybrid.keyDim(),
        hybrid.valueDim(),
        hybrid.channels(),
        hybrid.kernel());
  }

  /** Float32 values of one layer. */
  long values() {
    return (long) valueHeads * keyDim * valueDim + (long) channels * (kernel - 1);
  }

  /** Bytes of a snapshot. */
  public long bytes() {
    return values() * layers * Float.BYTES;
  }

  /** The slice that a snapshot is. */
  public Slice slice() {
    return new Slice(Slice.Kind.STATE, 0, depth - 1, 0, 1);
  }
}
