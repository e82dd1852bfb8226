package io.membrane.reconstruction;

import java.io.IOException;

/**
 * A delivery of bytes that failed after its answer had begun. It has no cause and no trace: those
 * are logged where it is thrown, and Spring would take a cause like a reset connection for the
 * caller's own.
 */
final class BrokenDelivery extends IOException {

  private static final long serialVersionUID = 1L;

  BrokenDelivery(String contextId) {
    super("the delivery of context " + contextId + " broke off");
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
