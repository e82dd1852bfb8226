package io.membrane.fragment.store;

import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.ToByteBufEncoder;
import io.membrane.fragment.offheap.Payload;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/**
 * Writes a payload to Redis: its bytes, or nothing where it leaves a {@link #holeIn hole}. Answers
 * are read by {@link ClaimOutput}. For one command.
 */
final class PayloadCodec implements RedisCodec<byte[], Payload>, ToByteBufEncoder<byte[], Payload> {

  private boolean leavesHole;
  private int hole;

  /**
   * Lets a command be written without its payload.
   *
   * @return where in its buffer the payload belongs
   */
  int holeIn(Runnable write) {
    leavesHole = true;
    try {
      write.run();
    } finally {
      leavesHole = false;
    }
    return hole;
  }

  @Override
  public ByteBuffer encodeKey(byte[] key) {
    return ByteBuffer.wrap(key);
  }

  @Override
  public void encodeKey(byte[] key, ByteBuf target) {
    target.writeBytes(key);
  }

  @Override
  public void encodeValue(Payload value, ByteBuf target) {
    if (leavesHole) {
      hole = target.writerIndex();
    } else {
      value.forEach(0, value.length(), target::writeBytes);
    }
  }

  @Override
  public int estimateSize(Object keyOrValue) {
    return keyOrValue instanceof Payload payload
        ? Math.toIntExact(payload.length())
        : ((byte[]) keyOrValue).length;
  }

  @Override
  public boolean isEstimateExact() {
    return true;
  }

  @Override
  public ByteBuffer encodeValue(Payload value) {
    throw new UnsupportedOperationException("payloads are written buffer by buffer");
  }

  @Override
  public byte[] decodeKey(ByteBuffer bytes) {
    throw new UnsupportedOperationException("no key is read with this codec");
  }

  @Override
  public Payload decodeValue(ByteBuffer bytes) {
    throw new UnsupportedOperationException("payloads are read into a claim");
  }
}
