package io.membrane.directory;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/** A request whose body was read already. */
final class ReadRequest extends HttpServletRequestWrapper {

  private final ServletInputStream body;

  ReadRequest(HttpServletRequest request, byte[] body) {
    super(request);
    this.body = new ReadBody(body);
  }

  /** Reads the body of a request of known length, taking room as the bytes come. */
  static byte[] body(HttpServletRequest request) throws IOException {
    return request.getInputStream().readNBytes(Math.toIntExact(request.getContentLengthLong()));
  }

  @Override
  public ServletInputStream getInputStream() {
    return body;
  }

  private static final class ReadBody extends ServletInputStream {

    private final ByteArrayInputStream body;

    ReadBody(byte[] body) {
      this.body = new ByteArrayInputStream(body);
    }

    @Override
    public int read() {
      return body.read();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
      return body.read(buffer, offset, length);
    }

    @Override
    public boolean isFinished() {
      return body.available() == 0;
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setReadListener(ReadListener listener) {
      throw new IllegalStateException("the body was read already");
    }
  }
}
