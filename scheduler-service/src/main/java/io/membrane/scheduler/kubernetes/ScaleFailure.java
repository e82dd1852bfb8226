package io.membrane.scheduler.kubernetes;

import org.jspecify.annotations.Nullable;

/** A call to the Kubernetes API that did not do what it should; the message says what to do. */
final class ScaleFailure extends Exception {

  private static final long serialVersionUID = 1L;

  private final boolean conflict;

  private ScaleFailure(String message, boolean conflict, @Nullable Throwable cause) {
    super(message, cause);
    this.conflict = conflict;
  }

  static ScaleFailure because(String message, @Nullable Throwable cause) {
    return new ScaleFailure(message, false, cause);
  }

  /** Somebody else wrote first. */
  static ScaleFailure conflict(String message) {
    return new ScaleFailure(message, true, null);
  }

  boolean isConflict() {
    return conflict;
  }

  String words() {
    return String.valueOf(getMessage());
  }
}
