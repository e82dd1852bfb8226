package io.membrane.fragment.membrain;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;

/** The text of a URI's path (RFC 3986, section 2.1), which is UTF-8 or nothing. */
final class PathText {

  private static final int ESCAPE_LENGTH = 3;
  private static final int RADIX = 16;

  private PathText() {}

  /**
   * Decodes {@code %XX}; whatever else stands there, {@code +} too, stands for itself.
   *
   * @throws IllegalArgumentException says what is wrong
   */
  static String decode(String path) {
    byte[] raw = path.getBytes(UTF_8);
    byte[] bytes = new byte[raw.length];
    int length = 0;
    for (int at = 0; at < raw.length; at++) {
      byte b = raw[at];
      if (b == '%') {
        b = escaped(raw, at);
        at += ESCAPE_LENGTH - 1;
      }
      bytes[length++] = b;
    }
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("the path, its escapes decoded, is not UTF-8", e);
    }
  }

  private static byte escaped(byte[] raw, int at) {
    int high = at + 1 < raw.length ? Character.digit(raw[at + 1], RADIX) : -1;
    int low = at + 2 < raw.length ? Character.digit(raw[at + 2], RADIX) : -1;
    if (high < 0 || low < 0) {
      throw new IllegalArgumentException(
          "a percent sign in a path stands before two hex digits; its own escape ends in 25");
    }
    return (byte) (high * RADIX + low);
  }
}
