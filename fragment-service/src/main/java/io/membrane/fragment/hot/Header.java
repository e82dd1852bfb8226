package io.membrane.fragment.hot;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import org.apache.tomcat.util.buf.ByteChunk;
import org.apache.tomcat.util.buf.MessageBytes;
import org.apache.tomcat.util.http.MimeHeaders;

/**
 * A response header, checked and encoded once and sent many times. Tomcat makes an encoder for each
 * string that it sends.
 *
 * <p>Tomcat keeps the array of a value that it was given and writes the numbers of later answers
 * into it: so a value is copied into Tomcat's own. Nothing is written over names.
 */
public final class Header {

  static final byte[] LINE_END = {'\r', '\n'};

  private static final byte[] SEPARATOR = {':', ' '};

  private final byte[] name;
  private final byte[] value;

  private Header(byte[] name, byte[] value) {
    this.name = name;
    this.value = value;
  }

  /**
   * A header.
   *
   * @throws IllegalArgumentException if there is anything but printable ASCII in it
   */
  public static Header of(String name, String value) {
    return new Header(printable(name), printable(value));
  }

  private static byte[] printable(String text) {
    if (!text.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw new IllegalArgumentException("a header is printable ASCII, not '" + text + "'");
    }
    return text.getBytes(US_ASCII);
  }

  void addTo(MimeHeaders headers) {
    MessageBytes sent = named(headers);
    ByteChunk chunk = sent.getByteChunk();
    chunk.allocate(value.length, -1);
    System.arraycopy(value, 0, chunk.getBuffer(), 0, value.length);
    sent.setBytes(chunk.getBuffer(), 0, value.length);
  }

  void addTo(MimeHeaders headers, long number) {
    named(headers).setLong(number);
  }

  int length() {
    return name.length + SEPARATOR.length + value.length + LINE_END.length;
  }

  /** Writes the whole line. */
  void writeTo(ByteBuffer head) {
    head.put(name).put(SEPARATOR).put(value).put(LINE_END);
  }

  /** Writes the whole line, with another value of printable ASCII. */
  void writeTo(ByteBuffer head, String other) {
    head.put(name).put(SEPARATOR).put(other.getBytes(US_ASCII)).put(LINE_END);
  }

  private MessageBytes named(MimeHeaders headers) {
    return headers.addValue(name, 0, name.length);
  }

  @Override
  public String toString() {
    return new String(name, US_ASCII) + ": " + new String(value, US_ASCII);
  }
}
