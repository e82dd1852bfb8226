package io.membrane.directory;

import io.membrane.block.BlockHash;
import java.util.Arrays;

/**
 * Reads on through the bytes of a JSON document that is written plainly: ASCII without escapes,
 * whole numbers of at most {@value #MAX_DIGITS} digits. Whatever else it meets, right or wrong,
 * ends it with {@link NotPlain}. Not thread-safe.
 */
final class PlainScan {

  /** What stands there is to be read by a whole parser. */
  static final class NotPlain extends RuntimeException {

    private static final long serialVersionUID = 1L;

    NotPlain() {
      super("not plain", null, false, false);
    }
  }

  /** So a number always fits. */
  private static final int MAX_DIGITS = 18;

  static final int HASH_WORDS = BlockHash.BYTES / Long.BYTES;
  private static final int HEX_DIGITS = 2 * BlockHash.BYTES;

  /** The value of each lower-case hex digit, -1 for any other byte. */
  private static final byte[] DIGITS = digits();

  private static byte[] digits() {
    byte[] digits = new byte[256];
    Arrays.fill(digits, (byte) -1);
    for (int value = 0; value < 16; value++) {
      digits[Character.forDigit(value, 16)] = (byte) value;
    }
    return digits;
  }

  private static final byte[] NULL = {'n', 'u', 'l', 'l'};
  private static final byte[] TRUE = {'t', 'r', 'u', 'e'};
  private static final byte[] FALSE = {'f', 'a', 'l', 's', 'e'};

  private final byte[] body;
  private int at;

  PlainScan(byte[] body) {
    this.body = body;
  }

  /** Index of the next byte. */
  int at() {
    return at;
  }

  /** Goes on at an index. */
  void moveTo(int index) {
    at = index;
  }

  void space() {
    while (at < body.length && body[at] <= ' ') {
      if (body[at] != ' ' && body[at] != '\n' && body[at] != '\r' && body[at] != '\t') {
        throw new NotPlain();
      }
      at++;
    }
  }

  boolean isAtEnd() {
    return at == body.length;
  }

  boolean isAt(char wanted) {
    return at < body.length && body[at] == wanted;
  }

  /** Skips space and what has to stand there. */
  void skip(char wanted) {
    if (!isSkipped(wanted)) {
      throw new NotPlain();
    }
  }

  /** Skips space, and {@code wanted} if it stands there. */
  boolean isSkipped(char wanted) {
    if (!isAt(wanted)) {
      space();
      if (!isAt(wanted)) {
        return false;
      }
    }
    at++;
    return true;
  }

  /** Skips space, and {@code wanted} if it stands there. */
  boolean isSkipped(byte[] wanted) {
    space();
    boolean is = startsWith(wanted, 0, wanted.length);
    at += is ? wanted.length : 0;
    return is;
  }

  /** Skips space, and {@code null} if it stands there. */
  boolean isNullSkipped() {
    return isSkipped(NULL);
  }

  /** Whether a part of some bytes stands here. */
  boolean startsWith(byte[] bytes, int from, int to) {
    return to - from <= body.length - at
        && Arrays.equals(body, at, at + to - from, bytes, from, to);
  }

  /** Skips a text; what is between its quotes begins one after the index that is returned. */
  int skipText() {
    skip('"');
    int from = at - 1;
    while (at < body.length && body[at] != '"') {
      if (body[at] < ' ' || body[at] == '\\') {
        throw new NotPlain();
      }
      at++;
    }
    skip('"');
    return from;
  }

  /** A whole number. */
  long number() {
    space();
    boolean isNegative = isAt('-');
    at += isNegative ? 1 : 0;
    int from = at;
    long number = 0;
    while (at < body.length && body[at] >= '0' && body[at] <= '9') {
      number = 10 * number + body[at++] - '0';
      if (at - from > MAX_DIGITS) {
        throw new NotPlain();
      }
    }
    if (at == from || (body[from] == '0' && at - from > 1)) {
      throw new NotPlain();
    }
    return isNegative ? -number : number;
  }

  /** Words of a block hash. */
  void hash(long[] into, int index) {
    skip('"');
    if (body.length - at < HEX_DIGITS) {
      throw new NotPlain();
    }
    int wrong = 0;
    for (int i = 0; i < HASH_WORDS; i++) {
      long word = 0;
      for (int end = at + HEX_DIGITS / HASH_WORDS; at < end; at++) {
        int digit = DIGITS[body[at] & 0xFF];
        wrong |= digit;
        word = word << 4 | digit;
      }
      into[index + i] = word;
    }
    if (wrong < 0 || !isAt('"')) {
      throw new NotPlain();
    }
    at++;
  }

  /** Skips a value that is no object, nor a list of such or of lists. */
  void skipValue() {
    space();
    if (!isSkipped('[')) {
      skipScalar();
    } else if (!isSkipped(']')) {
      do {
        skipScalar();
      } while (isSkipped(','));
      skip(']');
    }
  }

  /** Skips an object of values that are neither objects nor lists. */
  void skipFlatObject() {
    skip('{');
    if (!isSkipped('}')) {
      do {
        var _ = skipText();
        skip(':');
        skipScalar();
      } while (isSkipped(','));
      skip('}');
    }
  }

  private void skipScalar() {
    space();
    if (isAt('"')) {
      var _ = skipText();
    } else if (!isSkipped(NULL) && !isSkipped(TRUE) && !isSkipped(FALSE)) {
      var _ = number();
    }
  }
}
