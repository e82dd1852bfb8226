package io.membrane.worker.publish;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that computes. The engine spreads each operation over all cores by itself, so that
 * a second prefill beside the first would only take its cores away. Waiting prompts are bounded.
 */
public final class ComputeLane implements AutoCloseable {

  private static final Duration SHUTDOWN = Duration.ofSeconds(10);

  private final ThreadPoolExecutor thread;
  private final int queueLimit;
  private final Duration patience;

  /**
   * @param queueLimit prompts that may wait beside the one that computes
   * @param patience time for work whose caller named no deadline
   */
  public ComputeLane(int queueLimit, Duration patience) {
    this.queueLimit = queueLimit;
    this.patience = patience;
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(queueLimit),
            Thread.ofPlatform().name("prefill").factory());
  }

  /**
   * Runs work on the lane in the caller's context and waits for it, until its deadline. Work that
   * is not awaited any more is skipped if it has not begun; begun work is expected to look at
   * {@link CallContext#checkDeadline} itself.
   *
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if the queue is full, {@link
   *     ErrorCode#DEADLINE_EXCEEDED} if time runs out, or what the work throws
   */
  public <T> T run(Callable<T> work) {
    Future<T> result = submit(CallContext.carry(work));
    try {
      return result.get(
          CallContext.currentOr(patience).remaining().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      result.cancel(false);
      throw new MembraneException(
          ErrorCode.DEADLINE_EXCEEDED,
          "the prompt was not computed in time, %d more are waiting: allow more time (%s)"
              .formatted(waiting(), CallContext.DEADLINE_HEADER),
          e);
    } catch (InterruptedException e) {
      result.cancel(false);
      Thread.currentThread().interrupt();
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE, "the worker is shutting down; ask another", e);
    } catch (ExecutionException e) {
      throw rethrown(e.getCause());
    }
  }

  /** Runs work on the lane and waits for it however long it takes: for the start of the service. */
  public <T> T load(Callable<T> work) {
    try {
      return submit(work).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the model was loaded", e);
    } catch (ExecutionException e) {
      throw rethrown(e.getCause());
    }
  }

  /** Prompts that wait. */
  public int waiting() {
    return thread.getQueue().size();
  }

  private <T> Future<T> submit(Callable<T> work) {
    try {
      return thread.submit(work);
    } catch (RejectedExecutionException e) {
      throw new MembraneException(
          ErrorCode.OVERLOADED,
          "%d prompts wait already (membrane.worker.queue-limit): try again or ask another worker"
              .formatted(queueLimit),
          e);
    }
  }

  private static RuntimeException rethrown(@Nullable Throwable cause) {
    return switch (cause) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      case null, default -> new IllegalStateException("the engine failed", cause);
    };
  }

  /** Lets running work end, drops what waits. */
  @Override
  public void close() {
    thread.shutdown();
    thread.getQueue().clear();
    try {
      if (!thread.awaitTermination(SHUTDOWN.toMillis(), TimeUnit.MILLISECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
