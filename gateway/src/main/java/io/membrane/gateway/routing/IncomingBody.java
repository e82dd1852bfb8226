package io.membrane.gateway.routing;

import io.membrane.boot.CallerWatch;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.LongConsumer;
import org.apache.hc.core5.http.io.entity.AbstractHttpEntity;
import org.jspecify.annotations.Nullable;

/** The caller's body on its way to a service, in pieces; it can be sent once. */
final class IncomingBody extends AbstractHttpEntity {

  private final HttpServletRequest request;
  private final LongConsumer counter;
  private final Runnable abort;
  private boolean begun;
  private @Nullable Exception failure;

  /**
   * @param abort cuts the connection to the service; without that the client would end a chunked
   *     body properly although its sender broke it off
   */
  IncomingBody(HttpServletRequest request, LongConsumer counter, Runnable abort) {
    super((String) null, null, request.getContentLengthLong() < 0);
    this.request = request;
    this.counter = counter;
    this.abort = abort;
  }

  /** Whether a request has a body at all. */
  static boolean in(HttpServletRequest request) {
    return request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null;
  }

  /** Whether any of it may have been read, so that it cannot be sent again. */
  boolean isBegun() {
    return begun;
  }

  /** What went wrong on the caller's side, or null. */
  @Nullable Exception failure() {
    return failure;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    begun = true;
    InputStream in = request.getInputStream();
    byte[] buffer = new byte[Backends.BUFFER_BYTES];
    for (int n = read(in, buffer); n >= 0; n = read(in, buffer)) {
      out.write(buffer, 0, n);
      if (in.available() == 0) {
        out.flush();
      }
      counter.accept(n);
    }
    CallerWatch.bodyIsRead(request);
  }

  private int read(InputStream in, byte[] buffer) throws IOException {
    try {
      return in.read(buffer);
    } catch (IOException | RuntimeException e) {
      failure = e;
      abort.run();
      throw e;
    }
  }

  @Override
  public long getContentLength() {
    return request.getContentLengthLong();
  }

  @Override
  public InputStream getContent() throws IOException {
    return request.getInputStream();
  }

  @Override
  public boolean isStreaming() {
    return true;
  }

  @Override
  public void close() {
    // The container owns the stream.
  }
}
