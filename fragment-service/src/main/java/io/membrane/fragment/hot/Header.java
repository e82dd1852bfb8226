package io.membrane.fragment.hot;

import org.apache.tomcat.util.http.MimeHeaders;

/**
 * A response header, checked once and sent many times.
 *
 * <p>Tomcat is given strings and never an array of ours: it keeps arrays that it was given and
 * writes the numbers of later answers into them.
 */
public final class Header {

  private final String name;
  private final String value;

  private Header(String name, String value) {
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

  private static String printable(String text) {
    if (!text.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw new IllegalArgumentException("a header is printable ASCII, not '" + text + "'");
    }
    return text;
  }

  void addTo(MimeHeaders headers) {
    headers.addValue(name).setString(value);
  }

  void addTo(MimeHeaders headers, long number) {
    headers.addValue(name).setLong(number);
  }

  @Override
  public String toString() {
    return name + ": " + value;
  }
}
