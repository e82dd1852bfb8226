package io.membrane.worker.publish;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.concurrent.Callable;

/** Calls that a prompt can do without: there is to be time left to compute, or to answer. */
final class Patience {

  private static final Duration UNBOUNDED = Duration.ofMinutes(1);

  private Patience() {}

  /**
   * Calls within half of the caller's time.
   *
   * @throws MembraneException whatever the call fails with
   */
  static <T> T call(Callable<T> call) {
    CallContext context = CallContext.currentOr(UNBOUNDED);
    try {
      return context.within(context.remaining().dividedBy(2)).call(call);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new MembraneException(ErrorCode.INTERNAL, "a call of fragment-service failed", e);
    }
  }
}
