package io.membrane.block;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** An immutable sequence of token ids, each an unsigned 32-bit number. */
public final class Tokens {

  private static final long MAX_ID = 0xFFFF_FFFFL;

  private final int[] ids;

  private Tokens(int[] ids) {
    this.ids = ids;
  }

  /**
   * From numbers as they stand in JSON.
   *
   * @throws IllegalArgumentException if one is negative or above 4294967295
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Tokens of(long[] ids) {
    int[] packed = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] > MAX_ID) {
        throw new IllegalArgumentException(
            "token " + i + " is " + ids[i] + ": a token id is 0 to 4294967295");
      }
      packed[i] = (int) ids[i];
    }
    return new Tokens(packed);
  }

  /** From ids whose bits are the unsigned value. */
  public static Tokens ofInts(int... ids) {
    return new Tokens(ids.clone());
  }

  public int length() {
    return ids.length;
  }

  /** The id at {@code index} as an unsigned value. */
  public long get(int index) {
    return Integer.toUnsignedLong(ids[index]);
  }

  /** Tokens {@code from} (inclusive) to {@code to} (exclusive). */
  public Tokens slice(int from, int to) {
    return new Tokens(Arrays.copyOfRange(ids, from, to));
  }

  /** A new array. */
  @JsonValue
  public long[] toLongs() {
    long[] longs = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      longs[i] = Integer.toUnsignedLong(ids[i]);
    }
    return longs;
  }

  void putInto(ByteBuffer target, int from, int count) {
    target.asIntBuffer().put(ids, from, count);
    target.position(target.position() + 4 * count);
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Tokens other && Arrays.equals(ids, other.ids);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(ids);
  }

  @Override
  public String toString() {
    return ids.length + " tokens";
  }
}
