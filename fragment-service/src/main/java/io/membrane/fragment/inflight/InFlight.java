package io.membrane.fragment.inflight;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Bounds the payload bytes that all transfers together hold in memory. Whoever wants to hold bytes
 * takes a {@link Lease} of them first and waits, first come first served, while there is no room.
 *
 * <p>The heap that payloads take stays below twice {@code maxBytes}: a body of unknown length is
 * gathered in pieces and then joined, everything else is held once. Redis's client holds a third
 * copy of a payload that is on its way, outside the heap. Thread-safe.
 */
public final class InFlight {

  private static final int UNIT = 1024;

  private final int units;
  private final Duration maxWait;
  private final Semaphore free;

  /**
   * @param maxBytes most bytes held at a time, at least 1024
   * @param maxWait longest wait for room
   */
  public InFlight(long maxBytes, Duration maxWait) {
    this.units = Math.toIntExact(maxBytes / UNIT);
    this.maxWait = maxWait;
    this.free = new Semaphore(units, true);
  }

  /**
   * Waits for room for {@code bytes}; for all there is, if there is less than that in all.
   *
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if there is none in time
   */
  public Lease reserve(long bytes) {
    Lease lease = new Lease(this);
    lease.growTo(bytes);
    return lease;
  }

  /** Bytes that are taken now, in steps of 1024. */
  public long bytes() {
    return (long) (units - free.availablePermits()) * UNIT;
  }

  int unitsFor(long bytes) {
    return (int) Math.min(units, (bytes + UNIT - 1) / UNIT);
  }

  void acquire(int wanted) {
    CallContext context = CallContext.currentOr(maxWait);
    try {
      if (!free.tryAcquire(
          wanted, context.within(maxWait).remaining().toNanos(), TimeUnit.NANOSECONDS)) {
        throw new MembraneException(
            ErrorCode.OVERLOADED,
            "too many bytes are being transferred; try again, with fewer transfers at a time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MembraneException(
          ErrorCode.OVERLOADED, "the service is stopping; try another copy of it", e);
    }
  }

  void release(int held) {
    free.release(held);
  }
}
