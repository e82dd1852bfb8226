package io.membrane.rpc;

import org.jspecify.annotations.Nullable;

/** An error that a caller is to see. Its message says what to do. */
public final class MembraneException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  public MembraneException(ErrorCode code, String detail) {
    this(code, detail, null);
  }

  public MembraneException(ErrorCode code, String detail, @Nullable Throwable cause) {
    super(detail, cause);
    this.code = code;
  }

  public ErrorCode code() {
    return code;
  }

  /** What is wrong and what to do; never null. */
  public String detail() {
    return String.valueOf(getMessage());
  }
}
