package io.membrane.fragment.connector;

import io.membrane.fragment.connector.DirectWriteConnection.Reachable;
import io.membrane.fragment.connector.PathAnswers.PathAnswer;
import jakarta.servlet.ServletConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.tomcat.util.net.SocketBufferHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers on the thread of Tomcat's poller those requests of a connection that differ from one
 * before by their path alone: without a change of threads, and without Tomcat's reading them. What
 * the socket does not take at once is written by another thread.
 *
 * <p>Leans on these internals of Tomcat 11.0.22: the poller takes away a connection's interest
 * before {@code processSocket}; between requests a connection has no processor and nothing in its
 * buffers, and whoever works on it holds its lock; Tomcat's next read begins with what is in the
 * read buffer.
 */
public final class AtOnce {

  private static final Logger log = LoggerFactory.getLogger(AtOnce.class);
  private static final ByteBuffer[] NOTHING = {};

  private final DirectWriteConnection connection;
  private final SameHeaders sameHeaders = new SameHeaders();

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
   * Answers what has come, on the poller's thread.
   *
   * @param executor writes what is left
   * @return false if it is Tomcat's to answer
   */
  boolean answer(Executor executor) {
    ReentrantLock lock = connection.getLock();
    // Held by this thread: Tomcat, in the middle of a request, asks for itself to be called again.
    if (!isPrepared() || lock.isHeldByCurrentThread() || !lock.tryLock()) {
      return false;
    }
    try {
      PathAnswer answer = isBetweenRequests() ? answerToWhatCame() : null;
      if (answer != null) {
        send(answer, executor);
      }
      return answer != null;
    } finally {
      lock.unlock();
    }
  }

  private boolean isBetweenRequests() {
    return connection.getCurrentProcessor() == null
        && connection.getError() == null
        && connection.getSocketBufferHandler().isReadBufferEmpty()
        && connection.getSocketBufferHandler().isWriteBufferEmpty();
  }

  private @Nullable PathAnswer answerToWhatCame() {
    SocketBufferHandler buffers = connection.getSocketBufferHandler();
    buffers.configureReadBufferForWrite();
    ByteBuffer came = buffers.getReadBuffer();
    try {
      connection.getSocket().read(came);
    } catch (IOException e) {
      log.debug("Tomcat will meet this too, and close the connection", e);
      return null;
    }
    PathAnswer answer;
    try {
      answer = sameHeaders.answerTo(came.duplicate().flip());
    } catch (RuntimeException e) {
      log.debug("Tomcat's way will meet this too, and say so to the caller", e);
      return null;
    }
    if (answer != null) {
      came.clear();
      connection.updateLastRead();
    }
    return answer;
  }

  private void send(PathAnswer answer, Executor executor) {
    boolean isUnderWay = false;
    boolean isWhole = false;
    try {
      ByteBuffer[] left = begin(answer);
      isWhole = left.length == 0;
      if (!isWhole) {
        executor.execute(() -> finish(answer, left));
      }
      isUnderWay = true;
    } catch (IOException e) {
      log.debug("the caller has left", e);
    } catch (RejectedExecutionException e) {
      log.debug("the server ends", e);
    } finally {
      if (isWhole || !isUnderWay) {
        answer.end(isWhole);
      }
      if (!isUnderWay) {
        connection.close();
      }
    }
    if (isWhole) {
      awaitNext();
    }
  }

  /** Writes what the socket takes; the body if anything is left. */
  private ByteBuffer[] begin(PathAnswer answer) throws IOException {
    SocketBufferHandler buffers = connection.getSocketBufferHandler();
    buffers.configureWriteBufferForWrite();
    answer.head(buffers.getWriteBuffer());
    buffers.configureWriteBufferForRead();
    ByteBuffer[] body = answer.body();
    ByteBuffer[] all = new ByteBuffer[body.length + 1];
    all[0] = buffers.getWriteBuffer();
    System.arraycopy(body, 0, all, 1, body.length);
    connection.getSocket().write(all, 0, all.length);
    connection.updateLastWrite();
    return all[body.length].hasRemaining() ? body : NOTHING;
  }

  /** As the poller does it when asked from another thread, but without waking it. */
  private void awaitNext() {
    SelectionKey key =
        connection.getSocket().getIOChannel().keyFor(connection.getPoller().getSelector());
    key.interestOps(SelectionKey.OP_READ);
    connection.interestOps(SelectionKey.OP_READ);
  }

  private void finish(PathAnswer answer, ByteBuffer[] left) {
    ReentrantLock lock = connection.getLock();
    lock.lock();
    boolean isWhole = false;
    try {
      connection.writeAll(left);
      isWhole = true;
    } catch (IOException e) {
      log.debug("the caller has left, or does not read", e);
    } finally {
      answer.end(isWhole);
      if (isWhole) {
        connection.registerReadInterest();
      } else {
        connection.close();
      }
      lock.unlock();
    }
  }
}
