package io.membrane.fragment.connector;

import jakarta.servlet.ServletConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.NioEndpoint;
import org.apache.tomcat.util.net.NioEndpoint.NioSocketWrapper;
import org.apache.tomcat.util.net.SocketBufferHandler;
import org.jspecify.annotations.Nullable;

/**
 * A connection whose blocking writes of large direct buffers go to the socket as they are, and
 * whose bodies come from it without a copy. What waits in the socket write buffer, the headers as a
 * rule, leaves before them in the same gathering write.
 *
 * <p>Leans on these internals of Tomcat 11.0.22: {@code SocketWrapperBase.writeBlocking} is where
 * every blocking write of a body arrives, {@code socketBufferHandler} holds all that was written
 * before, {@code doWrite(true, buffer)} blocks until the buffer is empty, with the write timeout,
 * {@code previousIOException} says that an earlier write has timed out, and a request's {@code
 * getServletConnection} asks its connection each time. Of reads: {@code Http11InputBuffer.fill}
 * takes for read what the position of its buffer has moved by, and {@code populateReadBuffer} gives
 * what the connection has read ahead.
 */
final class DirectWriteConnection extends NioSocketWrapper {

  /**
   * Smaller buffers are gathered, so that a payload in many pieces is not one system call for each.
   * Measured over loopback, copied or not: no difference at 64 KiB; from 256 KiB on about a quarter
   * less processor time without the copy.
   */
  static final int DIRECT_BYTES = 16 << 10;

  /**
   * How often a socket that has nothing to read, or takes nothing, is asked again after others have
   * had their turn. The way through Tomcat's poller, which begins then, costs two changes of
   * threads and half as much as a read of 64 KiB; under load the caller is done before.
   */
  private static final int TURNS = 4;

  /**
   * What a connection may move until it goes behind others all the same, to the poller: those that
   * come from there are served when the others leave.
   */
  private static final int FAIR_BYTES = 512 << 10;

  /** What every read counts at least, so that small requests have an end too. */
  private static final int LEAST_BYTES = 64 << 10;

  private final AtOnce atOnce = new AtOnce(this);
  private @Nullable ByteBuffer diversion;
  private long movedInTurn;

  DirectWriteConnection(NioChannel channel, NioEndpoint endpoint) {
    super(channel, endpoint);
  }

  @Override
  protected void writeBlocking(ByteBuffer from) throws IOException {
    if (!from.isDirect() || from.remaining() < DIRECT_BYTES) {
      super.writeBlocking(from);
      return;
    }
    writeAll(from);
  }

  /**
   * Writes buffers in their order, behind what was written before, in as few gathering writes as
   * the socket takes; blocks until all are empty.
   */
  void writeAll(ByteBuffer... buffers) throws IOException {
    SocketBufferHandler written = socketBufferHandler;
    written.configureWriteBufferForRead();
    ByteBuffer[] all = new ByteBuffer[buffers.length + 1];
    all[0] = written.getWriteBuffer();
    System.arraycopy(buffers, 0, all, 1, buffers.length);
    for (ByteBuffer buffer : buffers) {
      movedInTurn += buffer.remaining();
    }
    for (int at = firstLeft(all, 0); at < all.length; at = firstLeft(all, at)) {
      int from = at;
      boolean isTaken =
          previousIOException == null
              && inTurns(() -> getSocket().write(all, from, all.length - from)) > 0;
      if (!isTaken) {
        doWrite(true, all[at]);
      }
    }
  }

  /** A call that does not wait. */
  @FunctionalInterface
  private interface Transfer {
    /** Bytes, 0 if there are none to be had now. */
    long move() throws IOException;
  }

  /** Tries again while there is nothing to be had and others have something to do meanwhile. */
  @SuppressWarnings("ThreadPriorityCheck") // these are virtual threads
  private static long inTurns(Transfer transfer) throws IOException {
    long moved = transfer.move();
    for (int turn = 0; moved == 0 && turn < TURNS; turn++) {
      Thread.yield();
      moved = transfer.move();
    }
    return moved;
  }

  /** A read of a request's body by Tomcat. */
  @FunctionalInterface
  interface BodyRead {
    int read() throws IOException;
  }

  /**
   * Lets a read of a body go elsewhere than into Tomcat's buffer, which then counts bytes that are
   * not in it: so all that Tomcat knows of the request stays right. What Tomcat has read already is
   * read from its buffer, and nothing into {@code into}.
   *
   * @param into takes no more than the body has left
   * @return as {@code read}
   */
  int diverted(ByteBuffer into, BodyRead read) throws IOException {
    diversion = into;
    try {
      return read.read();
    } finally {
      diversion = null;
    }
  }

  @Override
  public int read(boolean block, ByteBuffer to) throws IOException {
    ByteBuffer into = diversion;
    if (into == null) {
      int n =
          movedInTurn < FAIR_BYTES && !atOnce.isPrepared()
              ? (int) inTurns(() -> super.read(false, to))
              : super.read(false, to);
      movedInTurn = n == 0 ? 0 : movedInTurn + Math.max(n, LEAST_BYTES);
      if (n == 0 && block) {
        n = super.read(true, to);
      }
      if (n > 0) {
        atOnce.tomcatRead(to.duplicate().flip().position(to.position() - n));
      }
      return n;
    }
    int limit = into.limit();
    into.limit(into.position() + Math.min(into.remaining(), to.remaining()));
    try {
      int n = populateReadBuffer(into);
      if (n == 0) {
        n = (int) inTurns(() -> getSocket().read(into));
        movedInTurn += n;
        updateLastRead();
      }
      if (n == 0) {
        n = super.read(block, into);
      }
      to.position(to.position() + Math.max(0, n));
      return n;
    } finally {
      into.limit(limit);
    }
  }

  @Override
  protected void doClose() {
    super.doClose();
    atOnce.closed();
  }

  /** What this connection answers without Tomcat. */
  AtOnce atOnce() {
    return atOnce;
  }

  private static int firstLeft(ByteBuffer[] buffers, int from) {
    int at = from;
    while (at < buffers.length && !buffers[at].hasRemaining()) {
      at++;
    }
    return at;
  }

  @Override
  public ServletConnection getServletConnection(String protocol, String protocolConnectionId) {
    return new Reachable(super.getServletConnection(protocol, protocolConnectionId), this);
  }

  /** What a request tells of its connection, by which a body finds it. */
  record Reachable(ServletConnection told, DirectWriteConnection connection)
      implements ServletConnection {

    @Override
    public String getConnectionId() {
      return told.getConnectionId();
    }

    @Override
    public String getProtocol() {
      return told.getProtocol();
    }

    @Override
    public String getProtocolConnectionId() {
      return told.getProtocolConnectionId();
    }

    @Override
    public boolean isSecure() {
      return told.isSecure();
    }
  }
}
