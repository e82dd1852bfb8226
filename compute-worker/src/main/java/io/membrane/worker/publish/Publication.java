package io.membrane.worker.publish;

import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.worker.batch.ShuttingDown;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Stores the blocks of one prompt, in their order, while later ones are computed. What was handed
 * over is stored even if the prompt fails afterwards, as far as its time goes. Behind a block that
 * cannot be stored nothing is tried: nobody would find it. Thread-safe.
 */
final class Publication implements AutoCloseable {

  /** A slice of a block that waits. */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  private record Waiting(int block, Slice slice, byte[] bytes) {}

  private static final long ROOM_BYTES = 64L << 20;
  private static final Duration UNBOUNDED = Duration.ofMinutes(1);
  private static final long PATIENCE_NANOS = Duration.ofSeconds(30).toNanos();

  private final BlockStore store;
  private final Prompt prompt;
  private final Callable<Object> work;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private final SequencedSet<FragmentKey> unanswered = new LinkedHashSet<>();
  private Outcome outcome = Outcome.NONE;
  private @Nullable RuntimeException bug;
  private @Nullable Thread thread;
  private long heardNanos = System.nanoTime();
  private long heldBytes;
  private long nanos;
  private boolean closed;
  private boolean ended;

  /** One that stores in the caller's context, even once that one has left. */
  Publication(BlockStore store, Prompt prompt) {
    this.store = store;
    this.prompt = prompt;
    this.work =
        CallContext.carryOn(() -> {
          storeAll();
          return this;
        });
  }

  /** Whether a block may be handed over without more being held than should be. */
  boolean hasRoom() {
    lock.lock();
    try {
      return heldBytes < ROOM_BYTES;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Hands a slice of a block over; never waits.
   *
   * @param bytes not copied
   */
  void add(int block, Slice slice, byte[] bytes) {
    lock.lock();
    try {
      unanswered.add(new FragmentKey(prompt.chain().get(block), slice));
      if (ended) {
        return;
      }
      heldBytes += bytes.length;
      waiting.add(new Waiting(block, slice, bytes));
      if (thread == null) {
        heardNanos = System.nanoTime();
        thread = Thread.ofVirtual().name("publish").start(this::run);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    RuntimeException reason = null;
    try {
      Object _ = work.call();
    } catch (RuntimeException e) {
      reason = e;
    } catch (Exception e) {
      reason = new IllegalStateException("blocks were not stored", e);
    } finally {
      lock.lock();
      try {
        bug = reason;
        waiting.clear();
        heldBytes = 0;
        ended = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  private void storeAll() throws InterruptedException {
    for (List<Waiting> batch = next(); !batch.isEmpty(); batch = next()) {
      long start = System.nanoTime();
      Outcome stored =
          store.store(
              batch.stream()
                  .map(slice -> prompt.payload(slice.block(), slice.slice(), slice.bytes()))
                  .toList());
      lock.lock();
      try {
        outcome = outcome.and(stored);
        batch.forEach(slice ->
            unanswered.remove(new FragmentKey(prompt.chain().get(slice.block()), slice.slice())));
        heardNanos = System.nanoTime();
        nanos += heardNanos - start;
        heldBytes -= batch.stream().mapToLong(slice -> slice.bytes().length).sum();
        changed.signalAll();
        if (stored.failure() != null) {
          return;
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** As many as go in a call; empty at the end. */
  private List<Waiting> next() throws InterruptedException {
    lock.lock();
    try {
      while (waiting.isEmpty() && !closed) {
        changed.await();
      }
      List<Waiting> batch = new ArrayList<>();
      long bytes = 0;
      for (Waiting first = waiting.peek();
          first != null && BlockStore.fits(batch.size(), bytes, first.bytes().length);
          first = waiting.peek()) {
        bytes += first.bytes().length;
        batch.add(waiting.remove());
      }
      return batch;
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more is handed over; what was is still stored. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until everything is stored, or fails, or half of the caller's time is over, or nothing
   * was heard for 30 s: what is under way then goes on, but does not count.
   */
  Outcome await() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
      long end = System.nanoTime() + CallContext.currentOr(UNBOUNDED).remaining().toNanos() / 2;
      long left = left(end);
      while (thread != null && !ended && left > 0) {
        long _ = changed.awaitNanos(left);
        left = left(end);
      }
      if (bug != null) {
        throw bug;
      }
      MembraneException failure = outcome.failure();
      return outcome.and(
          Outcome.failed(List.copyOf(unanswered), failure == null ? late() : failure));
    } catch (InterruptedException e) {
      throw ShuttingDown.interrupted(e);
    } finally {
      lock.unlock();
    }
  }

  private long left(long end) {
    long now = System.nanoTime();
    return Math.min(end - now, heardNanos + PATIENCE_NANOS - now);
  }

  private static MembraneException late() {
    return new MembraneException(
        ErrorCode.DEADLINE_EXCEEDED, "fragment-service did not answer while there was time");
  }

  /** Time in the store's calls. */
  long nanos() {
    lock.lock();
    try {
      return nanos;
    } finally {
      lock.unlock();
    }
  }
}
