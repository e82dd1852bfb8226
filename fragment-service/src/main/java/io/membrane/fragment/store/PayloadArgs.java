package io.membrane.fragment.store;

import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.RedisCommand;
import io.membrane.fragment.offheap.Payload;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Arguments of which one is a payload. */
final class PayloadArgs extends CommandArgs<byte[], Payload> {

  private final PayloadCodec payloads;
  private final Payload payload;

  PayloadArgs(byte[] key, Payload payload) {
    this(key, payload, new PayloadCodec());
  }

  private PayloadArgs(byte[] key, Payload payload, PayloadCodec payloads) {
    super(payloads);
    this.payload = payload;
    this.payloads = payloads;
    addKey(key);
    addValue(payload);
  }

  /** A lease of the payload, or null if it is given back already. */
  @Nullable Payload lease() {
    try {
      return payload.retain();
    } catch (IllegalStateException e) {
      return null;
    }
  }

  /**
   * Writes the command but for the payload.
   *
   * @return where in the buffer the payload belongs
   */
  int encodeAround(RedisCommand<?, ?, ?> command, ByteBuf target) {
    return payloads.holeIn(() -> command.encode(target));
  }
}
