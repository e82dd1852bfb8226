package io.membrane.fragment.connector;

import io.membrane.fragment.connector.DirectWriteConnection.Reachable;
import jakarta.servlet.ServletConnection;
import jakarta.servlet.ServletRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.coyote.ActionCode;
import org.apache.coyote.Response;

/**
 * The body of an answer, past the servlet's own stream: that one cuts buffers into pieces of 8 KiB
 * and copies the last of them. Headers and status are the servlet's and leave with the first byte;
 * who writes here does not use the servlet's stream. What is written blocks while the caller's
 * socket is full; nothing written is kept. For one thread.
 */
public final class DirectOutput extends OutputStream {

  static final String ATTRIBUTE = DirectOutput.class.getName();

  private final Response response;
  private final ServletConnection connection;

  private DirectOutput(Response response, ServletConnection connection) {
    this.response = response;
    this.connection = connection;
  }

  /** The body of the answer to a request. */
  public static DirectOutput of(ServletRequest request) {
    if (request.getAttribute(ATTRIBUTE) instanceof Response response) {
      return new DirectOutput(response, request.getServletConnection());
    }
    throw new IllegalStateException("the request did not come through " + DirectOutputValve.class);
  }

  /** Writes all that remains, from where it lies if it is direct and large. */
  public void write(ByteBuffer bytes) throws IOException {
    response.doWrite(bytes);
  }

  /**
   * Writes the whole body of an answer whose {@code Content-Length} is theirs, all buffers in as
   * few system calls as the socket takes. A connection whose answer stops half-way is cut.
   */
  public void writeWhole(List<ByteBuffer> body) throws IOException {
    if (!(connection instanceof Reachable reachable)) {
      for (ByteBuffer bytes : body) {
        response.doWrite(bytes);
      }
      return;
    }
    // The response, which does not count what goes past it, would not see that something is
    // missing.
    boolean isWhole = false;
    try {
      response.doWrite(body.getFirst());
      reachable.connection().writeAll(body.subList(1, body.size()).toArray(ByteBuffer[]::new));
      isWhole = true;
    } finally {
      if (!isWhole) {
        response.action(ActionCode.CLOSE_NOW, null);
      }
    }
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    response.doWrite(ByteBuffer.wrap(bytes, offset, length));
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }
}
