package io.membrane.fragment.inventory;

import io.membrane.block.FragmentKey;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Big-endian bytes that are not trusted: every method may throw IllegalArgumentException. */
final class Input {

  private final ByteBuffer bytes;

  /** Takes off the version. */
  Input(byte[] bytes) {
    if (bytes.length > Codec.MAX_BYTES) {
      throw new IllegalArgumentException(
          "a question or an answer has at most %d bytes, not %d"
              .formatted(Codec.MAX_BYTES, bytes.length));
    }
    this.bytes = ByteBuffer.wrap(bytes);
    int version = u8();
    if (version != Codec.VERSION) {
      throw new IllegalArgumentException(
          "inventories are compared in version %d, not %d".formatted(Codec.VERSION, version));
    }
  }

  int u8() {
    return Byte.toUnsignedInt(need(Byte.BYTES).get());
  }

  int u32() {
    return need(Integer.BYTES).getInt();
  }

  long u64() {
    return need(Long.BYTES).getLong();
  }

  boolean flag() {
    int flag = u8();
    if (flag > 1) {
      throw new IllegalArgumentException("a flag is 0 or 1, not " + flag);
    }
    return flag == 1;
  }

  byte[] bytes(int length) {
    byte[] value = new byte[length];
    need(length).get(value);
    return value;
  }

  @Nullable FragmentKey key() {
    return flag() ? Entry.key(bytes(Entry.KEY_BYTES), 0) : null;
  }

  /** The leading bytes of a long. */
  long prefix(int length) {
    long value = number(length);
    return length == 0 ? 0 : value << (Long.SIZE - Byte.SIZE * length);
  }

  long[] marks() {
    long[] marks = new long[count(Marker.BYTES)];
    for (int i = 0; i < marks.length; i++) {
      marks[i] = number(Marker.BYTES);
    }
    return marks;
  }

  /** How many things follow that have at least {@code least} bytes each. */
  int count(int least) {
    int count = u32();
    if (count < 0 || count > bytes.capacity() / least) {
      throw new IllegalArgumentException(
          "%d bytes do not hold %d times %d".formatted(bytes.capacity(), count, least));
    }
    return count;
  }

  void end() {
    if (bytes.hasRemaining()) {
      throw new IllegalArgumentException(bytes.remaining() + " bytes are left over");
    }
  }

  private long number(int length) {
    need(length);
    long value = 0;
    for (int i = 0; i < length; i++) {
      value = value << Byte.SIZE | Byte.toUnsignedLong(bytes.get());
    }
    return value;
  }

  private ByteBuffer need(int length) {
    if (bytes.remaining() < length) {
      throw new IllegalArgumentException("the bytes end at " + bytes.capacity() + ", too early");
    }
    return bytes;
  }
}
