package io.membrane.fragment.store;

import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts that were acknowledged from memory and are written to Redis soon after: bounded in bytes,
 * read from here meanwhile, and lost with this process. One that Redis refuses is dropped, counted
 * and logged; one that cannot reach Redis is tried again for a while. Thread-safe.
 */
final class WriteBehind {

  private static final Logger log = LoggerFactory.getLogger(WriteBehind.class);

  /** Writes at a time. */
  private static final int WRITERS = 8;

  /** How long a write is tried again. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final Duration PAUSE = Duration.ofMillis(100);

  private final RedisWrites writes;
  private final StoreMeters meters;
  private final long capacity;
  private final AtomicLong bytes = new AtomicLong();
  private final Map<Name, Waiting> waiting = new ConcurrentHashMap<>();
  private final Semaphore writers = new Semaphore(WRITERS, true);

  /**
   * @param capacity bytes that may wait; 0: none are accepted
   */
  WriteBehind(RedisWrites writes, StoreMeters meters, long capacity) {
    this.writes = writes;
    this.meters = meters;
    this.capacity = capacity;
  }

  private record Waiting(NewName put, Fragment fragment, CountDownLatch written) {}

  /** Whether any are accepted. */
  boolean isOn() {
    return capacity > 0;
  }

  /**
   * Accepts a put if there is room for it.
   *
   * @param body stays the caller's to close
   * @throws MembraneException {@link ErrorCode#FRAGMENT_CONFLICT} if other bytes wait under this
   *     name
   */
  boolean accept(NewName put, Description description, Payload body) {
    if (bytes.addAndGet(put.bytes()) > capacity) {
      bytes.addAndGet(-put.bytes());
      return false;
    }
    Waiting mine =
        new Waiting(put, new Fragment(description, body.retain()), new CountDownLatch(1));
    Waiting before = waiting.putIfAbsent(put.name(), mine);
    if (before == null) {
      var _ = Thread.ofVirtual().name("write-behind").start(() -> write(mine));
      return true;
    }
    release(mine);
    if (!before.put().digest().equals(put.digest())) {
      throw new MembraneException(
          ErrorCode.FRAGMENT_CONFLICT,
          "other bytes wait to be stored under this key; fragments are immutable, the first stay");
    }
    return true;
  }

  private void write(Waiting mine) {
    writers.acquireUninterruptibly();
    try {
      long end = System.nanoTime() + PATIENCE.toNanos();
      while (!isDone(mine, System.nanoTime() < end)) {
        Thread.sleep(PAUSE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.error("{} was acknowledged and is lost", mine.put().name(), e);
    } finally {
      writers.release();
      waiting.remove(mine.put().name(), mine);
      release(mine);
      mine.written().countDown();
    }
  }

  private boolean isDone(Waiting mine, boolean mayBeTriedAgain) {
    NewName put = mine.put();
    try {
      meters.put(put.owner(), put.bytes(), () -> writes.put(put, mine.fragment().body(), null));
      return true;
    } catch (MembraneException e) {
      if (e.code().retriable() && mayBeTriedAgain) {
        return false;
      }
      log.warn("{} was acknowledged and is dropped: {}", put.name(), e.getMessage());
      meters.acknowledgedAndLost();
      return true;
    }
  }

  private void release(Waiting one) {
    one.fragment().close();
    bytes.addAndGet(-one.put().bytes());
  }

  /** A lease of what waits under a name, or null. Does not block. */
  @Nullable Fragment find(Name name) {
    if (waiting.isEmpty()) {
      return null;
    }
    Fragment[] found = new Fragment[1];
    // Within the map's own lock, so that nobody closes it before it is retained.
    var _ =
        waiting.computeIfPresent(
            name,
            (same, one) -> {
              Fragment fragment = one.fragment();
              found[0] = new Fragment(fragment.description(), fragment.body().retain());
              return one;
            });
    return found[0];
  }

  /** What is known of what waits under a name, or null. */
  @Nullable Description describe(Name name) {
    Waiting one = waiting.get(name);
    return one == null ? null : one.fragment().description();
  }

  /**
   * Waits until nothing waits under a name.
   *
   * @throws MembraneException {@link ErrorCode#DEADLINE_EXCEEDED}
   */
  void settle(Name name) {
    Waiting one = waiting.get(name);
    if (one != null && !isWritten(one, CallContext.currentOr(PATIENCE).remaining())) {
      throw new MembraneException(
          ErrorCode.DEADLINE_EXCEEDED, "it is still being written to Redis; try again");
    }
  }

  /** Waits until all is written, or so long. */
  void drain(Duration most) {
    long end = System.nanoTime() + most.toNanos();
    for (Waiting one : waiting.values()) {
      if (!isWritten(one, Duration.ofNanos(Math.max(0, end - System.nanoTime())))) {
        log.error("{} writes that were acknowledged are lost, Redis is away", waiting.size());
        return;
      }
    }
  }

  private static boolean isWritten(Waiting one, Duration most) {
    try {
      return one.written().await(most.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Bytes that wait. */
  long bytes() {
    return bytes.get();
  }
}
