package io.membrane.fragment.transfer;

import org.jspecify.annotations.Nullable;

/** Something failed that may succeed if it is tried again. Its message says what. */
final class BrokenOffException extends Exception {

  private static final long serialVersionUID = 1L;

  BrokenOffException(String what, @Nullable Throwable cause) {
    super(what, cause);
  }
}
