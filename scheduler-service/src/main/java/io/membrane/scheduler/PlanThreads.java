package io.membrane.scheduler;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Platform threads for the searches of plans, one each. Requests run on virtual threads, which have
 * as many carriers as there are cores and are not preempted: there a search would keep a carrier
 * from all other requests for seconds. Thread-safe.
 */
final class PlanThreads {

  /** A plan of many kinds of instances takes up to 100 MB while it is made. */
  private static final int MOST = 4;

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Semaphore free;
  private final Duration patience;

  /** As many as half the cores. */
  PlanThreads() {
    this(Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, MOST), PATIENCE);
  }

  /**
   * So many at once.
   *
   * @param patience how long a request waits for a thread
   */
  PlanThreads(int most, Duration patience) {
    this.free = new Semaphore(most, true);
    this.patience = patience;
  }

  /**
   * Runs a search in the caller's context, and waits for it. An interrupt of the caller ends it.
   *
   * @param search gets the checkpoint that it has to call: that ends it if nobody waits any more
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if no thread gets free, {@link
   *     ErrorCode#DEADLINE_EXCEEDED} after the deadline of the call, {@link
   *     ErrorCode#DEPENDENCY_UNAVAILABLE} at an interrupt; and what the search throws
   */
  <T> T call(Function<Runnable, T> search) {
    takeThread();
    Callable<T> work = CallContext.carry(() -> search.apply(PlanThreads::checkStillWanted));
    FutureTask<T> task = new FutureTask<>(work);
    Thread.ofPlatform()
        .daemon()
        .name("plan")
        .start(() -> {
          try {
            task.run();
          } finally {
            free.release();
          }
        });
    try {
      return task.get();
    } catch (InterruptedException e) {
      task.cancel(true);
      Thread.currentThread().interrupt();
      throw stopped();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException thrown) {
        throw thrown;
      }
      throw new IllegalStateException(e);
    }
  }

  private void takeThread() {
    Duration within = CallContext.currentOr(patience).within(patience).remaining();
    try {
      if (free.tryAcquire(within.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    checkStillWanted();
    throw new MembraneException(
        ErrorCode.OVERLOADED, "other plans are being made; try again in a moment");
  }

  private static void checkStillWanted() {
    CallContext.checkDeadline("the plan");
    if (Thread.currentThread().isInterrupted()) {
      throw stopped();
    }
  }

  private static MembraneException stopped() {
    return new MembraneException(ErrorCode.DEPENDENCY_UNAVAILABLE, "the service stops");
  }
}
