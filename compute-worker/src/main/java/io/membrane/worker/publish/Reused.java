package io.membrane.worker.publish;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a prefill begins behind.
 *
 * @param blocks the KV of the leading blocks
 * @param state of a hybrid model, the snapshot at the end of the last of them
 */
record Reused(List<Payload> blocks, @Nullable Payload state) {

  static final Reused NOTHING = new Reused(List.of(), null);

  Reused {
    blocks = List.copyOf(blocks);
  }

  List<byte[]> kv() {
    return blocks.stream().map(Payload::bytes).toList();
  }

  byte @Nullable [] snapshot() {
    return state == null ? null : state.bytes();
  }
}
