package io.membrane.worker.batch;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Work in a lane, and what becomes of it. */
final class Ticket<S, T> {

  private final Work<S, T> work;
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private final Follower follower;
  private final long sinceNanos = System.nanoTime();

  Ticket(Work<S, T> work) {
    this(work, Follower.NOBODY);
  }

  /**
   * @param follower hears what the engine does for it
   */
  Ticket(Work<S, T> work, Follower follower) {
    this.work = work;
    this.follower = follower;
  }

  Work<S, T> work() {
    return work;
  }

  CompletableFuture<T> result() {
    return result;
  }

  Follower follower() {
    return follower;
  }

  long ageNanos() {
    return System.nanoTime() - sinceNanos;
  }

  /** Whether the lane has nothing more to do for it: it is done, or nobody waits any more. */
  boolean isOver() {
    return result.isDone();
  }

  /** Whether it goes a step, in a turn that it got because the engine was idle, or not. */
  boolean steps(boolean isIdleTurn) {
    if (work.isDone()) {
      return false;
    }
    return switch (work.readiness()) {
      case READY -> true;
      case IF_IDLE -> isIdleTurn;
      case WAITING -> false;
    };
  }

  void fail(Throwable reason) {
    result.completeExceptionally(reason);
  }

  void finish() {
    try {
      long start = System.nanoTime();
      T done = work.finish();
      if (work instanceof Errand) {
        follower.computed(0, 1, System.nanoTime() - start);
      }
      result.complete(done);
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  static RuntimeException rethrown(@Nullable Throwable cause) {
    return switch (cause) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      case null, default -> new IllegalStateException("the engine failed", cause);
    };
  }
}
