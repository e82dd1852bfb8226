package io.membrane.rpc;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** An error that a caller is to see. Its message says what to do. */
public final class MembraneException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final @Nullable Duration retryAfter;

  public MembraneException(ErrorCode code, String detail) {
    this(code, detail, null);
  }

  public MembraneException(ErrorCode code, String detail, @Nullable Throwable cause) {
    this(code, detail, cause, null);
  }

  /**
   * An error of which somebody said when to try again.
   *
   * @param retryAfter null if nobody did
   */
  public MembraneException(
      ErrorCode code, String detail, @Nullable Throwable cause, @Nullable Duration retryAfter) {
    super(detail, cause);
    this.code = code;
    this.retryAfter = retryAfter;
  }

  public ErrorCode code() {
    return code;
  }

  /** How long to wait before the same request; null if nobody knows. */
  public @Nullable Duration retryAfter() {
    return retryAfter;
  }

  /** What is wrong and what to do; never null. */
  public String detail() {
    return String.valueOf(getMessage());
  }
}
