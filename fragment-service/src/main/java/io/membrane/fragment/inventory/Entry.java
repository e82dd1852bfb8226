package io.membrane.fragment.inventory;

import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A fragment key and its content digest as bytes, big-endian:
 *
 * <pre>
 *   0        8                40            48    52                84
 *   +--------+----------------+-------------+-----+-----------------+
 *   |position|   block hash   |kind/fst/lst/|size | content digest  |
 *   |        |                |rank         |     |                 |
 *   +--------+----------------+-------------+-----+-----------------+
 *            |&lt;------------- key -------------&gt;|
 *   |&lt;--------------- place -----------------&gt;|
 *            |&lt;----------------- on the wire ----------------------&gt;|
 * </pre>
 *
 * kind (0 attn, 1 state) is 4 bits, first layer, last layer and rank 20 bits each. The position is
 * the first 64 bits of SHA-256 of the key: entries are ordered by it, and a range is all positions
 * with one prefix. Whoever takes entries off the wire computes it again.
 */
final class Entry {

  static final int BYTES = 84;
  static final int KEY_BYTES = 44;
  static final int PLACE_BYTES = 52;
  static final int WIRE_BYTES = 76;
  static final int WIRE_AT = 8;

  private static final List<Slice.Kind> KINDS = List.of(Slice.Kind.ATTN, Slice.Kind.STATE);
  private static final int SLICE_AT = 32;
  private static final int SIZE_AT = 40;
  private static final int FIELD_BITS = 20;
  private static final int FIELD = (1 << FIELD_BITS) - 1;
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  private Entry() {}

  /**
   * A new entry.
   *
   * @param fold moves the position; the identity but in tests
   * @throws IllegalArgumentException if a number of the slice is above 2^20 − 1
   */
  static byte[] of(FragmentKey key, ContentDigest digest, LongUnaryOperator fold) {
    byte[] entry = Arrays.copyOf(place(key, fold), BYTES);
    byte[] sha = HexFormat.of().parseHex(digest.hex());
    System.arraycopy(sha, 0, entry, PLACE_BYTES, sha.length);
    return entry;
  }

  /** The first {@value #PLACE_BYTES} bytes of an entry, or no bytes if there is no key. */
  static byte[] place(@Nullable FragmentKey key, LongUnaryOperator fold) {
    if (key == null) {
      return new byte[0];
    }
    byte[] place = new byte[PLACE_BYTES];
    putKey(key, place, WIRE_AT);
    locate(place, fold);
    return place;
  }

  /** An entry as it came over the wire, at {@code at}. */
  static byte[] ofWire(byte[] from, int at, LongUnaryOperator fold) {
    byte[] entry = new byte[BYTES];
    System.arraycopy(from, at, entry, WIRE_AT, WIRE_BYTES);
    locate(entry, fold);
    return entry;
  }

  static void putKey(FragmentKey key, byte[] to, int at) {
    BlockHash hash = key.hash();
    LONGS.set(to, at, hash.w0());
    LONGS.set(to, at + 8, hash.w1());
    LONGS.set(to, at + 16, hash.w2());
    LONGS.set(to, at + 24, hash.w3());
    Slice slice = key.slice();
    if (slice.lastLayer() > FIELD || slice.size() > FIELD) {
      throw new IllegalArgumentException(
          "layers and ranks of a slice end at " + FIELD + ", not as in " + slice);
    }
    long packed = KINDS.indexOf(slice.kind());
    packed = packed << FIELD_BITS | slice.firstLayer();
    packed = packed << FIELD_BITS | slice.lastLayer();
    packed = packed << FIELD_BITS | slice.rank();
    LONGS.set(to, at + SLICE_AT, packed);
    INTS.set(to, at + SIZE_AT, slice.size());
  }

  /**
   * The key at {@code at}.
   *
   * @throws IllegalArgumentException if these bytes are not those of a key
   */
  static FragmentKey key(byte[] from, int at) {
    long packed = (long) LONGS.get(from, at + SLICE_AT);
    int size = (int) INTS.get(from, at + SIZE_AT);
    int kind = (int) (packed >>> (3 * FIELD_BITS));
    if (kind >= KINDS.size() || size > FIELD) {
      throw new IllegalArgumentException("these bytes are not those of a slice");
    }
    BlockHash hash =
        new BlockHash(
            (long) LONGS.get(from, at),
            (long) LONGS.get(from, at + 8),
            (long) LONGS.get(from, at + 16),
            (long) LONGS.get(from, at + 24));
    int first = (int) (packed >>> (2 * FIELD_BITS)) & FIELD;
    int last = (int) (packed >>> FIELD_BITS) & FIELD;
    return new FragmentKey(
        hash, new Slice(KINDS.get(kind), first, last, (int) packed & FIELD, size));
  }

  /** The digest of the entry at {@code at}. */
  static ContentDigest digest(byte[] from, int at) {
    return new ContentDigest(HexFormat.of().formatHex(from, at + PLACE_BYTES, at + BYTES));
  }

  /** The position of the entry or place at {@code at}; unsigned. */
  static long position(byte[] from, int at) {
    return (long) LONGS.get(from, at);
  }

  /** Order of places: by position, then by key. */
  static int compare(byte[] a, int at, byte[] b, int bt) {
    return Arrays.compareUnsigned(a, at, at + PLACE_BYTES, b, bt, bt + PLACE_BYTES);
  }

  /** Refuses a place that is not behind one place, or is behind another; no bytes: anywhere. */
  static void requireBetween(byte[] after, byte[] place, byte[] to) {
    if ((after.length > 0 && compare(place, 0, after, 0) <= 0)
        || (to.length > 0 && compare(place, 0, to, 0) > 0)) {
      throw new IllegalArgumentException("the keys of an answer ascend from where it begins");
    }
  }

  private static void locate(byte[] place, LongUnaryOperator fold) {
    var sha = Sha256.start();
    sha.update(place, WIRE_AT, KEY_BYTES);
    LONGS.set(place, 0, fold.applyAsLong((long) LONGS.get(sha.digest(), 0)));
  }
}
