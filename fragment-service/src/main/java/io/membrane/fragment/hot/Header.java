package io.membrane.fragment.hot;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.apache.tomcat.util.http.MimeHeaders;

/** A response header in the form in which it is sent. Immutable. */
public final class Header {

  private final byte[] name;
  private final byte[] value;

  private Header(byte[] name, byte[] value) {
    this.name = name;
    this.value = value;
  }

  /**
   * Encodes a header.
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
    headers.addValue(name, 0, name.length).setBytes(value, 0, value.length);
  }

  void addTo(MimeHeaders headers, long number) {
    headers.addValue(name, 0, name.length).setLong(number);
  }

  @Override
  public String toString() {
    return new String(name, US_ASCII) + ": " + new String(value, US_ASCII);
  }
}
