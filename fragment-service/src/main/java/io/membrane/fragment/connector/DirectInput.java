package io.membrane.fragment.connector;

import io.membrane.fragment.connector.DirectWriteConnection.Reachable;
import jakarta.servlet.ServletRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.tomcat.util.net.ApplicationBufferHandler;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request, past the servlet's own stream: from the socket to where it is to lie, but
 * for what came with the headers. Who reads here does not use the servlet's stream. Blocks as that
 * does, with the connector's read timeout. For one thread.
 */
public final class DirectInput implements ReadableByteChannel {

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Request request;
  private final DirectWriteConnection connection;
  private final Handed handed = new Handed();

  private DirectInput(Request request, DirectWriteConnection connection) {
    this.request = request;
    this.connection = connection;
  }

  /** The body of a request, or null if only its stream can be read: it is encrypted, perhaps. */
  public static @Nullable DirectInput of(ServletRequest request) {
    return request.getAttribute(DirectOutput.ATTRIBUTE) instanceof Response response
            && request.getServletConnection() instanceof Reachable reachable
        ? new DirectInput(response.getRequest(), reachable.connection())
        : null;
  }

  /**
   * Reads what is there, at least one byte.
   *
   * @param into direct, with no more room than the body has bytes left: what is read into it cannot
   *     be given back
   * @return -1 at the end
   */
  @Override
  public int read(ByteBuffer into) throws IOException {
    if (!handed.bytes.hasRemaining()) {
      int from = into.position();
      int n = connection.diverted(into, () -> request.doRead(handed));
      if (n < 0 || into.position() > from) {
        handed.bytes = NOTHING;
        return n;
      }
    }
    int n = Math.min(into.remaining(), handed.bytes.remaining());
    into.put(into.position(), handed.bytes, handed.bytes.position(), n);
    into.position(into.position() + n);
    handed.bytes.position(handed.bytes.position() + n);
    return n;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {}

  /** What Tomcat hands out: bytes, or, of those that went elsewhere, only how many. */
  private static final class Handed implements ApplicationBufferHandler {

    private ByteBuffer bytes = NOTHING;

    @Override
    public void setByteBuffer(ByteBuffer buffer) {
      bytes = buffer;
    }

    @Override
    public ByteBuffer getByteBuffer() {
      return bytes;
    }

    @Override
    public void expand(int size) {}
  }
}
