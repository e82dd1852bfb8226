package io.membrane.fragment.inventory;

import io.membrane.block.FragmentKey;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Big-endian bytes that grow. */
final class Output {

  private byte[] bytes;
  private int size;

  Output(int capacity) {
    bytes = new byte[capacity];
  }

  Output u8(int value) {
    return number(value, Byte.BYTES);
  }

  Output u32(int value) {
    return number(value, Integer.BYTES);
  }

  Output u64(long value) {
    return number(value, Long.BYTES);
  }

  Output bytes(byte[] value) {
    return bytes(value, 0, value.length);
  }

  Output bytes(byte[] from, int at, int length) {
    int to = room(length);
    System.arraycopy(from, at, bytes, to, length);
    return this;
  }

  Output key(@Nullable FragmentKey key) {
    if (key == null) {
      return u8(0);
    }
    u8(1);
    int to = room(Entry.KEY_BYTES);
    Entry.putKey(key, bytes, to);
    return this;
  }

  Output marks(long[] marks) {
    u32(marks.length);
    for (long mark : marks) {
      number(mark, Marker.BYTES);
    }
    return this;
  }

  byte[] toBytes() {
    return Arrays.copyOf(bytes, size);
  }

  private Output number(long value, int length) {
    int at = room(length);
    for (int i = 0; i < length; i++) {
      bytes[at + i] = (byte) (value >>> (Byte.SIZE * (length - 1 - i)));
    }
    return this;
  }

  private int room(int length) {
    int at = size;
    size += length;
    if (size > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(size, 2 * bytes.length));
    }
    return at;
  }
}
