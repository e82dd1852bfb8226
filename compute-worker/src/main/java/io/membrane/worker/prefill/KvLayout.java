package io.membrane.worker.prefill;

import io.membrane.block.Slice;
import io.membrane.worker.checkpoint.ElementType;

/**
 * How the KV of a token block lies in memory, in native (little-endian) byte order:
 *
 * <pre>
 *  [layers][2: K, then V][tokens][kv_heads][head_dim] of type; K after RoPE
 * </pre>
 *
 * @param depth layers of the model
 * @param layers those of them that have K and V: all, but in a hybrid model
 */
public record KvLayout(int depth, int layers, int kvHeads, int headDim, ElementType type) {

  /** Bytes of the KV of {@code tokens} tokens. */
  public long bytes(int tokens) {
    return 2L * layers * tokens * kvHeads * headDim * type.bytes();
  }

  /** The slice that such a payload is. */
  public Slice slice() {
    return Slice.attention(depth);
  }
}
