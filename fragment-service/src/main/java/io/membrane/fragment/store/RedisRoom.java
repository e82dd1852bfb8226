package io.membrane.fragment.store;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps Redis below its limit: whoever writes takes room first, and what is worth least goes for
 * it. What other replicas write meanwhile is known from the answer to the next call, so together
 * they may be over the limit by what all of them are writing, until then. Thread-safe.
 */
final class RedisRoom {

  /** Names that one script removes: a fraction of a millisecond. */
  private static final int AT_A_TIME = 64;

  /** Part of the capacity that is freed at a time, so that not every write has to ask for it. */
  private static final int SLACK = 256;

  /** Each time twice as much: 62 times what is written in the end. */
  private static final int MAKES_ROOM = 5;

  private final Catalog catalog;
  private final Bodies bodies;
  private final LongSupplier capacity;
  private final StoreMeters meters;
  private final AtomicLong stored = new AtomicLong();
  private final AtomicLong taken = new AtomicLong();

  /**
   * @param capacity bytes that everything may take in Redis; may ask Redis the first time
   */
  RedisRoom(Catalog catalog, Bodies bodies, LongSupplier capacity, StoreMeters meters) {
    this.catalog = catalog;
    this.bodies = bodies;
    this.capacity = capacity;
    this.meters = meters;
  }

  /** Room for a write that is under way. */
  final class Taken implements AutoCloseable {

    private final long bytes;

    private Taken(long bytes) {
      this.bytes = bytes;
      taken.addAndGet(bytes);
    }

    /**
     * Writes; again if Redis itself has no room, or the node of a cluster that it goes to: first
     * without what was given up, then after making room. What makes room there is found by making
     * more.
     */
    <T extends @Nullable Object> T write(Supplier<T> write) {
      for (int attempt = 1; ; attempt++) {
        try {
          return write.get();
        } catch (MembraneException e) {
          if (e.code() != ErrorCode.STORAGE_FULL
              || attempt > MAKES_ROOM
              || (!bodies.unlinkGivenUp() && gone(trim(stored.get() - (bytes << attempt))) == 0)) {
            throw e;
          }
        }
      }
    }

    /** The write is counted in {@code storeBytes}. */
    void used(long storeBytes) {
      stored.set(storeBytes);
    }

    @Override
    public void close() {
      taken.addAndGet(-bytes);
    }
  }

  /**
   * Takes room.
   *
   * @throws MembraneException {@link ErrorCode#STORAGE_FULL} if nothing may go for it
   */
  Taken take(long bytes) {
    Taken room = new Taken(bytes);
    try {
      long most = capacity.getAsLong();
      for (long left = most - taken.get(); stored.get() > left; left = most - taken.get()) {
        if (left < 0 || !makeRoom(left, most / SLACK)) {
          throw new MembraneException(
              ErrorCode.STORAGE_FULL,
              "Redis holds all that it may (%d bytes), pinned or being written; unpin, or raise membrane.fragment.redis-capacity"
                  .formatted(most));
        }
      }
      return room;
    } catch (RuntimeException e) {
      room.close();
      throw e;
    }
  }

  /** What everything takes in Redis, as just heard from it. */
  void observe(long storeBytes) {
    stored.set(storeBytes);
  }

  long capacity() {
    return capacity.getAsLong();
  }

  /** Bytes that everything takes in Redis, as last heard. */
  long bytes() {
    return stored.get();
  }

  /** Removes what has ended, and what is over the limit. */
  void tidy() {
    long most = capacity.getAsLong();
    long gone = AT_A_TIME;
    while (gone >= AT_A_TIME) {
      gone = gone(trim(most));
    }
  }

  /** Answers whether the store is that small, or smaller than it was. */
  private boolean makeRoom(long most, long slack) {
    Catalog.Trimmed trimmed = trim(Math.max(0, most - slack));
    return gone(trimmed) > 0 || trimmed.storeBytes() <= most;
  }

  private Catalog.Trimmed trim(long most) {
    Catalog.Trimmed trimmed = catalog.trim(Math.max(0, most), AT_A_TIME);
    bodies.unlink(trimmed.unlink());
    stored.set(trimmed.storeBytes());
    meters.removed(trimmed.expired(), trimmed.evicted());
    return trimmed;
  }

  /** Names that went. */
  private static long gone(Catalog.Trimmed trimmed) {
    return trimmed.expired() + trimmed.evicted();
  }
}
