package io.membrane.directory.feed;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Bytes that grow as they are written; numbers big-endian. */
final class ByteWriter {

  private static final int LARGEST = 4 * Long.BYTES;

  private byte[] bytes = new byte[1024];
  private ByteBuffer buffer = ByteBuffer.wrap(bytes);

  void u8(int value) {
    room(LARGEST).put((byte) value);
  }

  void u16(int value) {
    room(LARGEST).putShort((short) value);
  }

  void u32(int value) {
    room(LARGEST).putInt(value);
  }

  void i64(long value) {
    room(LARGEST).putLong(value);
  }

  /** Four words of a hash. */
  void hash(long[] words, int at) {
    room(LARGEST)
        .putLong(words[at])
        .putLong(words[at + 1])
        .putLong(words[at + 2])
        .putLong(words[at + 3]);
  }

  /** LEB128 of the number without its sign's meaning: one to ten bytes. */
  void number(long value) {
    ByteBuffer out = room(LARGEST);
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }

  void string(String text) {
    byte[] utf8 = text.getBytes(UTF_8);
    number(utf8.length);
    bytes(utf8);
  }

  void bytes(byte[] more) {
    room(more.length).put(more);
  }

  byte[] toBytes() {
    return toBytes(0);
  }

  /** What was written and so many zeros. */
  byte[] toBytes(int zeros) {
    room(zeros);
    return Arrays.copyOf(bytes, buffer.position() + zeros);
  }

  private ByteBuffer room(int wanted) {
    if (buffer.remaining() < wanted) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, buffer.position() + wanted));
      buffer = ByteBuffer.wrap(bytes).position(buffer.position());
    }
    return buffer;
  }
}
