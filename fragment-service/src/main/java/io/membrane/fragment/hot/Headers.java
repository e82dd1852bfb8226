package io.membrane.fragment.hot;

import java.nio.ByteBuffer;
import java.util.List;
import org.apache.tomcat.util.http.MimeHeaders;

/** Response headers that are sent together many times. */
public final class Headers {

  private final List<Header> headers;
  private final byte[] lines;

  private Headers(List<Header> headers, byte[] lines) {
    this.headers = headers;
    this.lines = lines;
  }

  /** These, in their order. */
  public static Headers of(List<Header> headers) {
    ByteBuffer lines = ByteBuffer.allocate(headers.stream().mapToInt(Header::length).sum());
    headers.forEach(header -> header.writeTo(lines));
    return new Headers(List.copyOf(headers), lines.array());
  }

  void addTo(MimeHeaders sent) {
    for (Header header : headers) {
      header.addTo(sent);
    }
  }

  /** Writes whole lines. */
  void writeTo(ByteBuffer head) {
    head.put(lines);
  }
}
