package io.membrane.gateway.routing;

import java.io.IOException;

/** An instance that is about to end did not take a request in. */
final class NotTakenException extends IOException {

  private static final long serialVersionUID = 1L;

  NotTakenException(String message) {
    super(message);
  }
}
