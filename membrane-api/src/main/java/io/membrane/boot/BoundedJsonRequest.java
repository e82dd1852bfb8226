package io.membrane.boot;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/** A request whose JSON body ends in an error past a limit, also when its length is not known. */
final class BoundedJsonRequest extends HttpServletRequestWrapper {

  private final long maxBytes;
  private @Nullable ServletInputStream bounded;

  private BoundedJsonRequest(HttpServletRequest request, long maxBytes) {
    super(request);
    this.maxBytes = maxBytes;
  }

  /** {@code request} itself unless its body is one JSON document. */
  static HttpServletRequest of(HttpServletRequest request, DataSize limit) {
    if (!isJson(request.getContentType())) {
      return request;
    }
    if (request.getContentLengthLong() > limit.toBytes()) {
      throw tooLarge(limit.toBytes());
    }
    return new BoundedJsonRequest(request, limit.toBytes());
  }

  /** Not NDJSON: that is a stream of documents, which its endpoint reads line by line. */
  private static boolean isJson(@Nullable String contentType) {
    if (contentType == null) {
      return false;
    }
    int parameters = contentType.indexOf(';');
    String type =
        (parameters < 0 ? contentType : contentType.substring(0, parameters))
            .strip()
            .toLowerCase(Locale.ROOT);
    return type.endsWith("/json") || type.endsWith("+json");
  }

  @Override
  public ServletInputStream getInputStream() throws IOException {
    if (bounded == null) {
      bounded = new Bounded(super.getInputStream(), maxBytes);
    }
    return bounded;
  }

  private static MembraneException tooLarge(long maxBytes) {
    return new MembraneException(
        ErrorCode.TOO_LARGE, "a JSON body has at most " + maxBytes + " bytes; split the request");
  }

  private static final class Bounded extends ServletInputStream {

    private final ServletInputStream in;
    private final long maxBytes;
    private long read;

    Bounded(ServletInputStream in, long maxBytes) {
      this.in = in;
      this.maxBytes = maxBytes;
    }

    @Override
    public int read() throws IOException {
      int b = in.read();
      count(b < 0 ? 0 : 1);
      return b;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int n = in.read(buffer, offset, length);
      count(Math.max(0, n));
      return n;
    }

    private void count(int n) {
      read += n;
      if (read > maxBytes) {
        throw tooLarge(maxBytes);
      }
    }

    @Override
    public boolean isFinished() {
      return in.isFinished();
    }

    @Override
    public boolean isReady() {
      return in.isReady();
    }

    @Override
    public void setReadListener(ReadListener listener) {
      in.setReadListener(listener);
    }
  }
}
