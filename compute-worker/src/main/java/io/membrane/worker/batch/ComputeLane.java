package io.membrane.worker.batch;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.Cancellation;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that computes. The engine spreads each operation over all cores by itself, so that
 * a second thread beside the first would only take its cores away; prompts take {@link Turns},
 * chunk by chunk. What may wait is bounded. Thread-safe.
 *
 * @param <S> what the engine advances by a chunk
 */
public final class ComputeLane<S> implements AutoCloseable {

  private static final Duration SHUTDOWN = Duration.ofSeconds(10);

  private final LaneQueue<S> queue;
  private final Steps<S> steps;
  private final Stepped observer;
  private final Duration patience;
  private final Thread thread;

  /**
   * Starts the thread.
   *
   * @param engine advances everything in the list by one chunk
   * @param times by which waits are foreseen
   * @param patience time for work whose caller named no deadline
   */
  public ComputeLane(
      Limits limits,
      Consumer<List<S>> engine,
      PrefillTimes times,
      Stepped observer,
      Duration patience) {
    this.queue = new LaneQueue<>(limits, times);
    this.steps = new Steps<>(engine, observer);
    this.observer = observer;
    this.patience = patience;
    this.thread = Thread.ofPlatform().name("prefill").start(this::compute);
  }

  /**
   * Takes work in and waits for its result until the caller's deadline. Then, or if the caller
   * leaves or is interrupted, it leaves the lane before its next step.
   *
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if too much waits, {@link
   *     ErrorCode#DEADLINE_EXCEEDED} if time runs out or is foreseen to, {@link
   *     ErrorCode#CANCELLED} if the caller leaves, {@link ErrorCode#DEPENDENCY_UNAVAILABLE} once
   *     the lane drains, or what the work throws
   */
  public <T> T run(Work<S, T> work) {
    CallContext.checkCaller("its way to the engine");
    Duration left = CallContext.currentOr(patience).remaining();
    long end = System.nanoTime() + left.toNanos();
    Ticket<S, T> ticket = new Ticket<>(work, observer.follower());
    queue.admit(ticket, left);
    try (Cancellation.Listener _ = CallContext.onCancel(() -> ticket.result().cancel(false))) {
      work.entered();
      return ticket.result().get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (CancellationException e) {
      queue.leave(ticket);
      throw CallContext.cancelled("the prefill", e);
    } catch (TimeoutException e) {
      queue.leave(ticket);
      throw new MembraneException(
          ErrorCode.DEADLINE_EXCEEDED,
          "the prompt was not computed in time, %d more are waiting: allow more time (%s)"
              .formatted(waiting(), CallContext.DEADLINE_HEADER),
          e);
    } catch (InterruptedException e) {
      queue.leave(ticket);
      throw ShuttingDown.interrupted(e);
    } catch (ExecutionException e) {
      throw Ticket.rethrown(e.getCause());
    } catch (RuntimeException | Error e) {
      queue.leave(ticket);
      throw e;
    }
  }

  /**
   * Computes something at once on the lane's thread, in the caller's context; other prompts wait
   * for it. As {@link #run} in all else.
   *
   * @param kvTokens tokens of KV that it holds meanwhile
   */
  public <T> T call(int kvTokens, Callable<T> errand) {
    return run(new Errand<>(kvTokens, CallContext.carry(errand)));
  }

  /**
   * Computes on the lane's thread and waits however long it takes: for the start of the service.
   */
  public <T> T load(Callable<T> errand) {
    Ticket<S, T> ticket = new Ticket<>(new Errand<>(0, errand));
    queue.enter(ticket);
    try {
      return ticket.result().get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the model was loaded", e);
    } catch (ExecutionException e) {
      throw Ticket.rethrown(e.getCause());
    }
  }

  /**
   * Work for when there is no prompt: it steps only then, and is dropped when the lane drains. Only
   * one at a time; its KV does not count.
   */
  public <T> CompletableFuture<T> whenIdle(Work<S, T> work) {
    Ticket<S, T> ticket = new Ticket<>(work);
    queue.enterIdle(ticket);
    return ticket.result();
  }

  private void compute() {
    List<Ticket<S, ?>> batch = queue.next();
    while (!batch.isEmpty()) {
      steps.step(batch);
      batch = queue.next();
    }
  }

  /** Has the lane ask again which work is ready. */
  public void wake() {
    queue.wake();
  }

  /** Prompts that have not begun. */
  public int waiting() {
    return queue.waiting().size();
  }

  /** Tokens that those have to compute. */
  public int waitingTokens() {
    return queue.waiting().stream().mapToInt(ticket -> ticket.work().remainingTokens()).sum();
  }

  /** How long the first of them has waited; 0 if there is none. */
  public double waitingSeconds() {
    List<Ticket<S, ?>> waiting = queue.waiting();
    return waiting.isEmpty() ? 0 : waiting.getFirst().ageNanos() / 1e9;
  }

  /**
   * Takes no more work in.
   *
   * @return done when all that was taken in has ended
   */
  public CompletableFuture<@Nullable Void> drain() {
    return queue.drain();
  }

  /** Takes work in again. */
  public void resume() {
    queue.resume();
  }

  /** Lets the running step end and drops the rest. */
  @Override
  public void close() {
    queue.close();
    try {
      if (!thread.join(SHUTDOWN)) {
        thread.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
