package io.membrane.boot;

import jakarta.servlet.ServletException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.apache.coyote.ActionCode;
import org.apache.tomcat.util.net.ApplicationBufferHandler;

/**
 * Ends the connection of a caller whose body nobody wanted, and which goes on sending it: for a
 * moment after the answer its rest is taken in, so that the caller sees the answer. Tomcat by
 * itself bounds how much it takes in, but not for how long.
 */
final class UnreadBodyValve extends ValveBase {

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  UnreadBodyValve() {
    super(true);
  }

  @Override
  public void invoke(Request request, Response response) throws IOException, ServletException {
    getNext().invoke(request, response);
    if (!request.isAsync() && !isRead(request)) {
      response.finishResponse();
      takeIn(request);
      if (!isRead(request)) {
        request.getCoyoteRequest().action(ActionCode.DISABLE_SWALLOW_INPUT, null);
        markReported(response);
      }
    }
  }

  /** An input that is given up is an error to Tomcat, which would report it behind the answer. */
  private static void markReported(Response response) {
    if (response.isCommitted()) {
      response.setErrorReported();
    }
  }

  private static boolean isRead(Request request) {
    AtomicBoolean read = new AtomicBoolean();
    request.getCoyoteRequest().action(ActionCode.REQUEST_BODY_FULLY_READ, read);
    return read.get();
  }

  /** Past the request's own stream, which ends with the answer. */
  private static void takeIn(Request request) {
    Dropped dropped = new Dropped();
    long end = System.nanoTime() + PATIENCE.toNanos();
    try {
      int n = 0;
      while (n >= 0 && System.nanoTime() < end) {
        n = request.getCoyoteRequest().doRead(dropped);
      }
    } catch (IOException e) {
      // The caller has gone.
    }
  }

  /** Where bytes go that nobody wants. */
  private static final class Dropped implements ApplicationBufferHandler {

    private ByteBuffer buffer = ByteBuffer.allocate(0);

    @Override
    public void setByteBuffer(ByteBuffer buffer) {
      this.buffer = buffer;
    }

    @Override
    public ByteBuffer getByteBuffer() {
      return buffer;
    }

    @Override
    public void expand(int size) {
      // Tomcat hands over its own buffers here.
    }
  }
}
