package io.membrane.rpc;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Work of one caller that others may wait for: it goes on until the last of them has left. */
public final class SharedWork {

  private static final long LOOK_MS = 250;

  private SharedWork() {}

  /**
   * Does work in the context of this thread. If its caller leaves, the work is cancelled only once
   * nobody else wants it; its deadline holds in any case.
   *
   * @param wanted whether somebody else waits; asked from then on, four times a second, by another
   *     thread
   */
  public static <T> T call(CallContext caller, BooleanSupplier wanted, Callable<T> work)
      throws Exception {
    Cancellation own = new Cancellation();
    CountDownLatch done = new CountDownLatch(1);
    Runnable watch = () -> cancelUnwanted(own, wanted, done);
    try (Cancellation.Listener _ =
        caller.cancellation().onCancel(() -> Thread.ofVirtual().name("shared work").start(watch))) {
      return new CallContext(caller.tenant(), caller.deadlineNanos(), own).call(work);
    } finally {
      done.countDown();
    }
  }

  private static void cancelUnwanted(
      Cancellation own, BooleanSupplier wanted, CountDownLatch done) {
    try {
      while (wanted.getAsBoolean()) {
        if (done.await(LOOK_MS, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    own.cancel();
  }
}
