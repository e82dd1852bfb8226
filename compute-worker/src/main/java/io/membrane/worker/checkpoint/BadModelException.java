package io.membrane.worker.checkpoint;

import java.io.Serial;

/** A model directory that cannot be served. The message names the file and says what to do. */
public final class BadModelException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1L;

  public BadModelException(String message) {
    super(message);
  }

  public BadModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
