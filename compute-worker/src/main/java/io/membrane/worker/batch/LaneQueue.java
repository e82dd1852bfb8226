package io.membrane.worker.batch;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The work of a lane that waits or has begun, and whose turn is next. Whoever adds or removes any
 * wakes the lane's one thread, which alone calls {@link #next}. Thread-safe.
 */
final class LaneQueue<S> {

  private static final Duration PAUSE = Duration.ofMillis(10);

  private final Turns<Ticket<S, ?>> turns;
  private final Admission admission;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private CompletableFuture<@Nullable Void> drained = new CompletableFuture<>();
  private @Nullable Ticket<S, ?> idle;
  private boolean draining;
  private boolean closed;

  LaneQueue(Limits limits, PrefillTimes times) {
    this.turns = new Turns<>(limits.kvTokens(), limits.batchTokens(), new TicketMeasures<>());
    this.admission = new Admission(limits, times);
  }

  /**
   * Takes work in that has {@code left} until its deadline.
   *
   * @throws io.membrane.rpc.MembraneException as {@link ComputeLane#run} says
   */
  void admit(Ticket<S, ?> ticket, Duration left) {
    lock.lock();
    try {
      if (draining || closed) {
        throw ShuttingDown.problem(null);
      }
      admission.require(ticket.work(), left, turns);
      enter(ticket);
    } finally {
      lock.unlock();
    }
  }

  /** Takes work in whatever waits already. */
  void enter(Ticket<S, ?> ticket) {
    lock.lock();
    try {
      turns.add(ticket);
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Takes work for when there is no other; fails it if there is such work already. */
  void enterIdle(Ticket<S, ?> ticket) {
    lock.lock();
    try {
      if (idle != null || draining || closed) {
        ticket.fail(new IllegalStateException("the lane takes no such work now"));
      } else {
        idle = ticket;
        news.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Nobody waits for this work any more. What has begun is the thread's to remove. */
  void leave(Ticket<S, ?> ticket) {
    ticket.result().cancel(false);
    lock.lock();
    try {
      if (!turns.hasBegun(ticket)) {
        turns.remove(ticket);
      }
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the next batch; empty once this is closed. */
  List<Ticket<S, ?>> next() {
    lock.lock();
    try {
      while (true) {
        sweep();
        List<Ticket<S, ?>> batch = turns.next();
        if (!batch.isEmpty()) {
          return batch;
        }
        if (!turns.all().isEmpty()) {
          pause();
          continue;
        }
        if (draining) {
          drained.complete(null);
        }
        if (closed) {
          return List.of();
        }
        if (idle != null) {
          return List.of(idle);
        }
        news.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** What waits may become ready by the passing of time alone. */
  @SuppressWarnings("WaitNotInLoop") // its caller loops
  private void pause() {
    try {
      long _ = news.awaitNanos(PAUSE.toNanos());
    } catch (InterruptedException e) {
      closed = true;
    }
  }

  private void sweep() {
    if (closed) {
      turns.all().forEach(ticket -> ticket.fail(ShuttingDown.problem(null)));
    }
    turns.all().stream().filter(Ticket::isOver).forEach(this::end);
    if (idle != null && (draining || closed || idle.isOver())) {
      idle.result().cancel(false);
      idle.work().close();
      idle = null;
    }
  }

  private void end(Ticket<S, ?> ticket) {
    turns.remove(ticket);
    ticket.work().close();
  }

  /** Has the thread ask again which work is ready. */
  void wake() {
    lock.lock();
    try {
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Work that has not begun, first comers first. */
  List<Ticket<S, ?>> waiting() {
    lock.lock();
    try {
      return turns.waiting();
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more in; what is returned is done when all that was taken in has ended. */
  CompletableFuture<@Nullable Void> drain() {
    lock.lock();
    try {
      draining = true;
      news.signalAll();
      return drained;
    } finally {
      lock.unlock();
    }
  }

  /** Takes work in again. */
  void resume() {
    lock.lock();
    try {
      draining = false;
      drained = new CompletableFuture<>();
    } finally {
      lock.unlock();
    }
  }

  /** Drops all that waits. */
  void close() {
    lock.lock();
    try {
      closed = true;
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
