package io.membrane.fragment.connector;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import org.apache.tomcat.util.collections.SynchronizedStack;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.NioEndpoint;
import org.apache.tomcat.util.net.SocketBufferHandler;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives every plain connection a {@link DirectWriteConnection}. A TLS connection encrypts into a
 * buffer of its own and stays Tomcat's.
 *
 * <p>Tomcat has no factory for the wrapper of a connection, so {@link #setSocketOptions} does again
 * what Tomcat 11.0.22 does there. It leans on: {@code getNioChannels}, {@code createChannel},
 * {@code connections}, {@code getPoller().register} and {@code NioChannel.reset}. {@code
 * TomcatSeamTest} fails when a later Tomcat has changed them.
 */
class DirectWriteEndpoint extends NioEndpoint {

  /**
   * How many connections may wait behind one that is answered on the poller's thread; all others go
   * to virtual threads. Where there are two cores, the other of which is the callers', these only
   * take time from this one (measured); where there are more, this one must not hold up all.
   */
  private static final int MAX_BEHIND =
      Runtime.getRuntime().availableProcessors() > 2 ? 4 : Integer.MAX_VALUE;

  private static final Logger log = LoggerFactory.getLogger(DirectWriteEndpoint.class);

  @Override
  protected boolean setSocketOptions(SocketChannel socket) {
    if (isSSLEnabled() || getUnixDomainSocketPath() != null) {
      return super.setSocketOptions(socket);
    }
    DirectWriteConnection connection = null;
    try {
      NioChannel channel = channel();
      DirectWriteConnection made = new DirectWriteConnection(channel, this);
      channel.reset(socket, made);
      connections.put(socket, made);
      connection = made;
      socket.configureBlocking(false);
      socketProperties.setProperties(socket.socket());
      connection.setReadTimeout(getConnectionTimeout());
      connection.setWriteTimeout(getConnectionTimeout());
      connection.setKeepAliveLeft(getMaxKeepAliveRequests());
      getPoller().register(connection);
      return true;
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      // Too little direct memory for one more pair of socket buffers ends that connection alone.
      log.error("a connection cannot be set up; it is closed", e);
      if (connection == null) {
        destroySocket(socket);
      }
      return false;
    }
  }

  private NioChannel channel() {
    SynchronizedStack<NioChannel> pool = getNioChannels();
    NioChannel used = pool == null ? null : pool.pop();
    return used == null
        ? createChannel(
            new SocketBufferHandler(
                socketProperties.getAppReadBufSize(),
                socketProperties.getAppWriteBufSize(),
                socketProperties.getDirectBuffer()))
        : used;
  }

  /**
   * What the poller calls when a socket can be read or written, and so the place at which that can
   * be done on the poller's own thread.
   */
  @Override
  public boolean processSocket(
      SocketWrapperBase<NioChannel> socket, SocketEvent event, boolean dispatch) {
    return (dispatch
            && socket instanceof DirectWriteConnection connection
            && isDone(connection.atOnce(), event))
        || super.processSocket(socket, event, dispatch);
  }

  private boolean isDone(AtOnce atOnce, SocketEvent event) {
    return switch (event) {
      case OPEN_READ ->
          !isPaused()
              && getPoller().getSelector().selectedKeys().size() <= MAX_BEHIND
              && atOnce.answer();
      case OPEN_WRITE -> atOnce.goOn();
      default -> false;
    };
  }
}
