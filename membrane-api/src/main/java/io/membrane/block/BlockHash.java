package io.membrane.block;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A SHA-256 that names a context: the tokens of a block and of every block before it, in one
 * namespace and sharing domain. Held as four big-endian words, so that it costs no array.
 */
public record BlockHash(long w0, long w1, long w2, long w3) implements Comparable<BlockHash> {

  /** Length in bytes. */
  public static final int BYTES = 32;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final HexFormat HEX = HexFormat.of();

  private static final byte NO_DIGIT = -1;

  /** 2^64 over the golden ratio, odd. */
  private static final long FACTOR = 0x9E3779B97F4A7C15L;

  /**
   * The value of each character: whether a digit of a hash is a letter cannot be predicted, so a
   * comparison costs more than this.
   */
  private static final byte[] DIGITS = digits();

  private static byte[] digits() {
    byte[] digits = new byte[128];
    Arrays.fill(digits, NO_DIGIT);
    for (int value = 0; value < 16; value++) {
      digits[Character.forDigit(value, 16)] = (byte) value;
    }
    return digits;
  }

  /**
   * Parses the text form.
   *
   * @param hex 64 lower-case hex digits
   * @throws IllegalArgumentException if it is anything else
   */
  @JsonCreator
  public static BlockHash parse(String hex) {
    if (hex.length() != 2 * BYTES) {
      throw malformed(hex);
    }
    return new BlockHash(word(hex, 0), word(hex, 16), word(hex, 32), word(hex, 48));
  }

  private static long word(String hex, int from) {
    long word = 0;
    int all = 0;
    for (int i = from; i < from + 16; i++) {
      char c = hex.charAt(i);
      int digit = c < DIGITS.length ? DIGITS[c] : NO_DIGIT;
      all |= digit;
      word = word << 4 | digit;
    }
    if (all < 0) {
      throw malformed(hex);
    }
    return word;
  }

  private static IllegalArgumentException malformed(String hex) {
    return new IllegalArgumentException(
        "a block hash is 64 lower-case hex digits, not '" + Text.shorten(hex) + "'");
  }

  /** Reads {@value #BYTES} bytes. */
  public static BlockHash of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException("a block hash has 32 bytes, not " + bytes.length);
    }
    return new BlockHash(
        (long) LONGS.get(bytes, 0),
        (long) LONGS.get(bytes, 8),
        (long) LONGS.get(bytes, 16),
        (long) LONGS.get(bytes, 24));
  }

  /** A new array of {@value #BYTES} bytes. */
  public byte[] toBytes() {
    byte[] bytes = new byte[BYTES];
    LONGS.set(bytes, 0, w0);
    LONGS.set(bytes, 8, w1);
    LONGS.set(bytes, 16, w2);
    LONGS.set(bytes, 24, w3);
    return bytes;
  }

  @JsonValue
  public String hex() {
    return HEX.formatHex(toBytes());
  }

  @Override
  public int compareTo(BlockHash other) {
    int c = Long.compareUnsigned(w0, other.w0);
    c = c != 0 ? c : Long.compareUnsigned(w1, other.w1);
    c = c != 0 ? c : Long.compareUnsigned(w2, other.w2);
    return c != 0 ? c : Long.compareUnsigned(w3, other.w3);
  }

  /**
   * 64 bits of all four words, under a key: a caller may name blocks as it likes, by numbers that
   * it counts up for one, and whoever does not know the key cannot make them meet. The same on
   * every machine.
   */
  public long mixed(long key) {
    return mix(mix(mix(mix(w0 ^ key) + w1) ^ w2) + w3);
  }

  /** The finaliser of MurmurHash3. */
  private static long mix(long value) {
    long h = (value ^ (value >>> 33)) * 0xFF51AFD7ED558CCDL;
    h = (h ^ (h >>> 33)) * 0xC4CEB9FE1A85EC53L;
    return h ^ (h >>> 33);
  }

  /** Of all words, since not everybody names blocks by a SHA-256. */
  @Override
  public int hashCode() {
    return Long.hashCode(mix(((w0 * FACTOR + w1) * FACTOR + w2) * FACTOR + w3));
  }

  @Override
  public String toString() {
    return hex();
  }
}
