package io.membrane.boot;

import io.membrane.rpc.Cancellation;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.catalina.connector.Request;
import org.apache.coyote.ActionCode;

/**
 * The caller of one request. Its socket is looked at by another thread, between the last byte of
 * the request's body and the end of its answer: nothing else reads from it then. Bytes that are
 * found lie in Tomcat's own buffer, as the beginning of the next request.
 */
final class WatchedCaller {

  private final Request request;
  private final Cancellation cancellation = new Cancellation();
  private boolean watched;

  WatchedCaller(Request request) {
    this.request = request;
  }

  Cancellation cancellation() {
    return cancellation;
  }

  /**
   * To be called by the request's thread once nothing reads the body any more.
   *
   * @return whether it can be watched: not if more of the body, or another request, is there
   */
  synchronized boolean watch() {
    watched = !watched && isBodyRead() && bytesAtHand(false) == 0;
    return watched;
  }

  /** To be called by the request's thread before the request ends. */
  synchronized void end() {
    watched = false;
  }

  /** Whether there is no use in looking again. */
  synchronized boolean isOver() {
    return !watched;
  }

  /** Looks without waiting. Tomcat reports a connection that has ended as one byte at hand. */
  synchronized boolean hasLeft() {
    if (!watched || bytesAtHand(true) == 0) {
      return false;
    }
    watched = false;
    return bytesAtHand(false) == 0 && bytesAtHand(true) > 0;
  }

  private boolean isBodyRead() {
    AtomicBoolean read = new AtomicBoolean();
    request.getCoyoteRequest().action(ActionCode.REQUEST_BODY_FULLY_READ, read);
    try {
      // The end mark of a chunked body may still be on its way.
      return read.get() || request.getInputStream().read() < 0;
    } catch (IOException e) {
      return false;
    }
  }

  private int bytesAtHand(boolean look) {
    org.apache.coyote.Request coyote = request.getCoyoteRequest();
    coyote.action(ActionCode.AVAILABLE, look);
    return coyote.getAvailable();
  }
}
