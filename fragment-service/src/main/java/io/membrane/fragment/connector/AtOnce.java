package io.membrane.fragment.connector;

import io.membrane.fragment.connector.DirectWriteConnection.Reachable;
import io.membrane.fragment.connector.PathAnswers.PathAnswer;
import jakarta.servlet.ServletConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.tomcat.util.net.SocketBufferHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers on the thread of Tomcat's poller those requests of a connection that differ from one
 * before by their path alone: without a change of threads, and without Tomcat's reading them. What
 * the socket does not take at once is written when it takes more.
 *
 * <p>Leans on these internals of Tomcat 11.0.22: the poller takes away a connection's interest
 * before {@code processSocket}, and closes one whose write waits too long; between requests a
 * connection has no processor and nothing in its buffers, and whoever works on it holds its lock;
 * Tomcat's next read begins with what is in the read buffer.
 */
public final class AtOnce {

  private static final Logger log = LoggerFactory.getLogger(AtOnce.class);

  private final DirectWriteConnection connection;
  private final SameHeaders sameHeaders = new SameHeaders();

  /** What is being answered, and all that was to be written; guarded by the connection's lock. */
  private @Nullable PathAnswer underWay;

  private ByteBuffer[] written = {};
  private volatile boolean isClosed;

  AtOnce(DirectWriteConnection connection) {
    this.connection = connection;
  }

  /**
   * From now on requests that differ from this one by their path alone are answered so. Without
   * effect where a connection is not made for it, as with TLS, or the request did not come in one
   * piece.
   *
   * @param told of the request, a {@code GET} that is being answered
   * @param path as the request names it, a query and all
   * @param headers how many the request had
   */
  public static void learn(ServletConnection told, String path, int headers, PathAnswers answers) {
    if (told instanceof Reachable reachable) {
      reachable.connection().atOnce().sameHeaders.learn(path, headers, answers);
    }
  }

  /** Whether there is anything that can be answered so. */
  boolean isPrepared() {
    return sameHeaders.areKnown();
  }

  /** Tomcat has read these bytes. */
  void tomcatRead(ByteBuffer bytes) {
    sameHeaders.read(bytes);
  }

  /**
   * Answers what has come; on the poller's thread.
   *
   * @return false if it is Tomcat's to answer
   */
  boolean answer() {
    ReentrantLock lock = connection.getLock();
    // Held by this thread: Tomcat, in the middle of a request, asks for itself to be called again.
    if (!isPrepared() || lock.isHeldByCurrentThread() || !lock.tryLock()) {
      return false;
    }
    try {
      PathAnswer answer = isBetweenRequests() ? answerToWhatCame() : null;
      if (answer == null) {
        return false;
      }
      underWay = answer;
      begin(answer);
      return true;
    } finally {
      unlock(lock);
    }
  }

  /**
   * Writes more of an answer, as the socket takes more; on the poller's thread.
   *
   * @return false if none is under way
   */
  boolean goOn() {
    ReentrantLock lock = connection.getLock();
    lock.lock();
    try {
      if (underWay == null) {
        return false;
      }
      write();
      return true;
    } finally {
      unlock(lock);
    }
  }

  /** The connection is closed, by whomever: so ends what is under way, unless it is written now. */
  void closed() {
    isClosed = true;
    ReentrantLock lock = connection.getLock();
    if (lock.tryLock()) {
      try {
        end(false);
      } finally {
        lock.unlock();
      }
    }
  }

  private void unlock(ReentrantLock lock) {
    lock.unlock();
    if (isClosed) {
      closed();
    }
  }

  private boolean isBetweenRequests() {
    return underWay == null
        && connection.getCurrentProcessor() == null
        && connection.getError() == null
        && connection.getSocketBufferHandler().isReadBufferEmpty()
        && connection.getSocketBufferHandler().isWriteBufferEmpty();
  }

  private @Nullable PathAnswer answerToWhatCame() {
    SocketBufferHandler buffers = connection.getSocketBufferHandler();
    buffers.configureReadBufferForWrite();
    ByteBuffer came = buffers.getReadBuffer();
    PathAnswer answer;
    try {
      connection.getSocket().read(came);
      answer = sameHeaders.answerTo(came.duplicate().flip());
    } catch (IOException | RuntimeException e) {
      log.debug("Tomcat will meet this too, and end the connection or say so to the caller", e);
      return null;
    }
    if (answer != null) {
      came.clear();
      connection.updateLastRead();
    }
    return answer;
  }

  private void begin(PathAnswer answer) {
    SocketBufferHandler buffers = connection.getSocketBufferHandler();
    boolean isReady = false;
    try {
      buffers.configureWriteBufferForWrite();
      answer.head(buffers.getWriteBuffer());
      buffers.configureWriteBufferForRead();
      ByteBuffer[] body = answer.body();
      written = new ByteBuffer[body.length + 1];
      written[0] = buffers.getWriteBuffer();
      System.arraycopy(body, 0, written, 1, body.length);
      isReady = true;
    } finally {
      if (!isReady) {
        connection.close();
      }
    }
    write();
  }

  private void write() {
    try {
      connection.getSocket().write(written, 0, written.length);
    } catch (IOException e) {
      log.debug("the caller has left", e);
      connection.close();
      return;
    }
    connection.updateLastWrite();
    if (written[written.length - 1].hasRemaining()) {
      await(SelectionKey.OP_WRITE);
    } else {
      end(true);
      await(SelectionKey.OP_READ);
    }
  }

  private void end(boolean isWhole) {
    PathAnswer answer = underWay;
    if (answer != null) {
      underWay = null;
      written = new ByteBuffer[0];
      answer.end(isWhole);
    }
  }

  /** As the poller does it when asked from another thread, but without waking it. */
  private void await(int operation) {
    SelectionKey key =
        connection.getSocket().getIOChannel().keyFor(connection.getPoller().getSelector());
    key.interestOps(operation);
    connection.interestOps(operation);
  }
}
