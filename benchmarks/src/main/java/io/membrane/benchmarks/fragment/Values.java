package io.membrane.benchmarks.fragment;

import java.nio.ByteBuffer;
import java.util.Random;

/**
 * Numbered values. Each has a key of 64 hex digits and bytes of its own: a window on one slab of
 * random bytes, so that sending copies nothing and checking needs no second copy. Thread-safe.
 */
final class Values {

  static final int KEY_BYTES = 64;

  private static final byte[] HEX = {
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'
  };

  /** Odd in longs and without a factor in common with the stride: eight million windows. */
  private static final long SPAN = (64L << 20) + 8;

  private static final long STRIDE = 4104;

  private final ByteBuffer slab;

  /**
   * @param maxBytes length of the longest value
   */
  Values(int maxBytes) {
    slab = ByteBuffer.allocateDirect(Math.toIntExact(SPAN + maxBytes) & -Long.BYTES);
    Random random = new Random(1);
    while (slab.remaining() >= Long.BYTES) {
      slab.putLong(random.nextLong());
    }
    slab.clear();
  }

  /** A view for one thread; {@link #select} moves it from value to value. */
  ByteBuffer view() {
    return slab.duplicate();
  }

  /** Makes {@code view} the bytes of a value. */
  static void select(ByteBuffer view, long number, int bytes) {
    int offset = offset(number);
    view.limit(offset + bytes).position(offset);
  }

  /** Whether eight bytes of a value, from {@code at} on, are these. */
  boolean matches(long number, int at, long bytes) {
    return slab.getLong(offset(number) + at) == bytes;
  }

  /** Writes a value's key at the position of {@code out}. */
  static void key(long number, ByteBuffer out) {
    for (int word = 0; word < KEY_BYTES / 16; word++) {
      long bits = mix(number * 4 + word);
      for (int shift = 60; shift >= 0; shift -= 4) {
        out.put(HEX[(int) (bits >>> shift) & 15]);
      }
    }
  }

  /** The finaliser of SplitMix64. */
  static long mix(long seed) {
    long z = seed + 0x9E37_79B9_7F4A_7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
    return z ^ (z >>> 31);
  }

  private static int offset(long number) {
    return (int) (number % (SPAN / Long.BYTES) * STRIDE % SPAN);
  }
}
