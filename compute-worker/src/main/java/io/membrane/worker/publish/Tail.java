package io.membrane.worker.publish;

import io.membrane.block.ContentDigest;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.wire.TransferBlock;
import io.membrane.wire.TransferBlock.TransferPart;
import io.membrane.worker.prefill.Prefill;
import io.membrane.worker.prefill.StateLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What lies behind the last full block of a prompt: KV and, in a hybrid model, the state. */
record Tail(ServedModel served, TokenSpan span) {

  /** The tail of a prompt; null if its last block is full. */
  static @Nullable Tail of(ServedModel served, Prompt prompt) {
    int from = prompt.chain().size() * prompt.blockTokens();
    int to = prompt.tokens().length();
    return from == to ? null : new Tail(served, new TokenSpan(from, to));
  }

  private long kvBytes() {
    return served.model().layout().bytes(span.to() - span.from());
  }

  long bytes() {
    StateLayout state = served.model().stateLayout();
    return kvBytes() + (state == null ? 0 : state.bytes());
  }

  /** Its bytes, after all chunks are computed. */
  byte[] of(Prefill prefill) {
    ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(bytes()));
    all.put(prefill.kv(span.from(), span.to()));
    byte[] state = prefill.state();
    if (state != null) {
      all.put(state);
    }
    return all.array();
  }

  TransferBlock named(String id, byte[] bytes, long expiresInMs) {
    StateLayout state = served.model().stateLayout();
    List<TransferPart> parts = new ArrayList<>();
    parts.add(part(served.model().layout().slice(), kvBytes()));
    if (state != null) {
      parts.add(part(state.slice(), state.bytes()));
    }
    return new TransferBlock(id, span, parts, ContentDigest.of(bytes), expiresInMs);
  }

  private TransferPart part(Slice slice, long bytes) {
    return new TransferPart(slice, bytes, served.signature(slice, span));
  }
}
