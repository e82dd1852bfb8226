package io.membrane.worker.batch;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import org.jspecify.annotations.Nullable;

/** What callers are told once this worker ends: another may do it. */
public final class ShuttingDown {

  private ShuttingDown() {}

  /** The answer to one whose thread was interrupted; it is interrupted again. */
  public static MembraneException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return problem(e);
  }

  /** The answer to one whose work is not taken in, or dropped. */
  static MembraneException problem(@Nullable Throwable cause) {
    return new MembraneException(
        ErrorCode.DEPENDENCY_UNAVAILABLE, "the worker is shutting down; ask another", cause);
  }
}
