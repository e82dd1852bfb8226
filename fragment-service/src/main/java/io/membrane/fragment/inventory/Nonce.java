package io.membrane.fragment.inventory;

import java.nio.ByteBuffer;

/** 128 random bits, drawn by whoever asks, for one exchange. */
record Nonce(long high, long low) {

  static final int BYTES = 16;

  byte[] toBytes() {
    return ByteBuffer.allocate(BYTES).putLong(high).putLong(low).array();
  }
}
