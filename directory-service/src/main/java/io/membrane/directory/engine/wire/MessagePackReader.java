package io.membrane.directory.engine.wire;

import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads MessagePack values one after the other. Nothing may claim to be longer than what is left of
 * the message, so that no claim costs memory.
 *
 * <p>Every method fails with {@link IllegalArgumentException} for another kind of value or a claim
 * too long, and with {@link BufferUnderflowException} at the end of the message; what is read next
 * is undefined then. Not thread-safe.
 *
 * <pre>
 * 00-7F  number 0 to 127       C4-C6  bytes 8, 16, 32     CC-CF  unsigned 8, 16, 32, 64
 * 80-8F  map of 0 to 15        C7-C9  extension           D0-D3  signed 8, 16, 32, 64
 * 90-9F  array of 0 to 15      CA     float 32            D4-D8  extension of 1, 2, 4, 8, 16
 * A0-BF  text of 0 to 31       CB     float 64            D9-DB  text 8, 16, 32
 * C0     nil                                              DC-DD  array 16, 32
 * C2-C3  false, true                                      DE-DF  map 16, 32
 *                                                         E0-FF  number -32 to -1
 * </pre>
 *
 * Numbers are big-endian; a length or count has as many bits as said.
 *
 * @see <a href="https://github.com/msgpack/msgpack/blob/master/spec.md">the specification</a>
 */
final class MessagePackReader {

  private static final int MAX_DEPTH = 16;
  private static final HexFormat HEX = HexFormat.of();

  private final ByteBuffer in;

  private enum Kind {
    NIL,
    BOOLEAN,
    INTEGER,
    FLOAT,
    TEXT,
    BYTES,
    ARRAY,
    MAP,
    EXTENSION
  }

  /** Reads what is left of {@code message}, whose position it does not move. */
  MessagePackReader(ByteBuffer message) {
    this.in = message.slice();
  }

  /** A reader of the next value alone, which this one skips. */
  MessagePackReader next() {
    int from = in.position();
    skip();
    return new MessagePackReader(in.slice(from, in.position() - from));
  }

  boolean isAtEnd() {
    return !in.hasRemaining();
  }

  boolean isMap() {
    return kind(peek()) == Kind.MAP;
  }

  /** Reads nil if it comes next, otherwise nothing. */
  boolean skipNil() {
    boolean isNil = kind(peek()) == Kind.NIL;
    if (isNil) {
      in.get();
    }
    return isNil;
  }

  /** Reads a value of any kind and depth. */
  void skip() {
    for (long left = 1; left > 0; left--) {
      int format = in.get() & 0xFF;
      switch (kind(format)) {
        case NIL, BOOLEAN -> {}
        case INTEGER -> integer(format);
        case FLOAT -> floating(format);
        case TEXT, BYTES, EXTENSION -> skipBytes(size(format));
        case ARRAY -> left += size(format);
        case MAP -> left += 2L * size(format);
      }
    }
  }

  /** How many elements follow. */
  int arrayHeader() {
    return size(expect(Kind.ARRAY));
  }

  /** How many pairs follow. */
  int mapHeader() {
    return size(expect(Kind.MAP));
  }

  String text() {
    return new String(bytes(size(expect(Kind.TEXT))), StandardCharsets.UTF_8);
  }

  /** A number of 64 bits, signed or not. */
  long bits() {
    return integer(expect(Kind.INTEGER));
  }

  /** A number from 0 to 2^31 - 1. */
  int count() {
    long count = bits();
    if (count < 0 || count > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("a count is 0 to 2147483647");
    }
    return (int) count;
  }

  /** The bits of an unsigned number of 32 bits. */
  int tokenId() {
    long id = bits();
    if (id < 0 || id > 0xFFFF_FFFFL) {
      throw new IllegalArgumentException("a token id is 0 to 4294967295");
    }
    return (int) id;
  }

  /** An engine's name of a block: a number, or a digest, of which the last 8 bytes count. */
  long blockName() {
    if (kind(peek()) != Kind.BYTES) {
      return bits();
    }
    int length = size(expect(Kind.BYTES));
    if (length < Long.BYTES) {
      throw new IllegalArgumentException("a block's digest has at least 8 bytes");
    }
    skipBytes(length - Long.BYTES);
    return in.getLong();
  }

  /**
   * A value of any kind but a map: text, number, truth value, list of these, or null; bytes as hex
   * digits.
   */
  @Nullable Object value() {
    return value(0);
  }

  private @Nullable Object value(int depth) {
    int format = in.get() & 0xFF;
    return switch (kind(format)) {
      case NIL -> null;
      case BOOLEAN -> format == 0xC3;
      case INTEGER -> {
        long bits = integer(format);
        yield format == 0xCF && bits < 0 ? new BigInteger(Long.toUnsignedString(bits)) : bits;
      }
      case FLOAT -> floating(format);
      case TEXT -> new String(bytes(size(format)), StandardCharsets.UTF_8);
      case BYTES -> HEX.formatHex(bytes(size(format)));
      case ARRAY -> {
        if (depth == MAX_DEPTH) {
          throw new IllegalArgumentException("lists in lists, " + MAX_DEPTH + " deep");
        }
        List<@Nullable Object> list = new ArrayList<>();
        for (int left = size(format); left > 0; left--) {
          list.add(value(depth + 1));
        }
        yield Collections.unmodifiableList(list);
      }
      case MAP, EXTENSION -> throw new IllegalArgumentException("no such value is expected here");
    };
  }

  private int peek() {
    if (!in.hasRemaining()) {
      throw new BufferUnderflowException();
    }
    return in.get(in.position()) & 0xFF;
  }

  private int expect(Kind wanted) {
    int format = in.get() & 0xFF;
    Kind kind = kind(format);
    if (kind != wanted) {
      throw new IllegalArgumentException("%s instead of %s".formatted(kind, wanted));
    }
    return format;
  }

  private static Kind kind(int format) {
    if (format < 0x80 || format >= 0xE0) {
      return Kind.INTEGER;
    }
    if (format < 0xC0) {
      return format < 0x90 ? Kind.MAP : format < 0xA0 ? Kind.ARRAY : Kind.TEXT;
    }
    return switch (format) {
      case 0xC0 -> Kind.NIL;
      case 0xC1 -> throw new IllegalArgumentException("a format that is never used");
      case 0xC2, 0xC3 -> Kind.BOOLEAN;
      case 0xC4, 0xC5, 0xC6 -> Kind.BYTES;
      case 0xCA, 0xCB -> Kind.FLOAT;
      case 0xCC, 0xCD, 0xCE, 0xCF, 0xD0, 0xD1, 0xD2, 0xD3 -> Kind.INTEGER;
      case 0xD9, 0xDA, 0xDB -> Kind.TEXT;
      case 0xDC, 0xDD -> Kind.ARRAY;
      case 0xDE, 0xDF -> Kind.MAP;
      default -> Kind.EXTENSION;
    };
  }

  private long integer(int format) {
    return switch (format) {
      case 0xCC -> in.get() & 0xFF;
      case 0xCD -> in.getShort() & 0xFFFF;
      case 0xCE -> in.getInt() & 0xFFFF_FFFFL;
      case 0xCF, 0xD3 -> in.getLong();
      case 0xD0 -> in.get();
      case 0xD1 -> in.getShort();
      case 0xD2 -> in.getInt();
      default -> (byte) format;
    };
  }

  private double floating(int format) {
    return format == 0xCA ? in.getFloat() : in.getDouble();
  }

  /** Bytes or elements that follow; each element takes a byte at least. */
  private int size(int format) {
    long size =
        switch (format) {
          case 0xC4, 0xD9 -> in.get() & 0xFF;
          case 0xC5, 0xDA, 0xDC, 0xDE -> in.getShort() & 0xFFFF;
          case 0xC6, 0xDB, 0xDD, 0xDF -> in.getInt() & 0xFFFF_FFFFL;
          case 0xC7 -> 1 + (in.get() & 0xFF);
          case 0xC8 -> 1 + (in.getShort() & 0xFFFF);
          case 0xC9 -> 1 + (in.getInt() & 0xFFFF_FFFFL);
          case 0xD4, 0xD5, 0xD6, 0xD7, 0xD8 -> 1 + (1 << (format - 0xD4));
          default -> format & (kind(format) == Kind.TEXT ? 0x1F : 0x0F);
        };
    if (size > in.remaining()) {
      throw new IllegalArgumentException("longer than the message");
    }
    return (int) size;
  }

  private byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private void skipBytes(int length) {
    in.position(in.position() + length);
  }
}
