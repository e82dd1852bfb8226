package io.membrane.worker.provider.wire;

/** An answer that is not of the documented form. */
public final class BadAnswerException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  BadAnswerException(String what) {
    super(what);
  }
}
