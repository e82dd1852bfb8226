package io.membrane.fragment;

import io.membrane.fixture.Seeds;
import java.util.Random;

/** Bytes as KV has them: every second one tells little, as the exponents do. */
public final class Kv {

  private Kv() {}

  /** They compress by about three tenths. */
  public static byte[] bytes(Random random, int length) {
    byte[] bytes = Seeds.bytes(random, length);
    for (int i = 1; i < length; i += 2) {
      bytes[i] = (byte) (60 + Integer.numberOfTrailingZeros(bytes[i] | 0x100));
    }
    return bytes;
  }
}
