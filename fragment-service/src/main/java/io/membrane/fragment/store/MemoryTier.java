package io.membrane.fragment.store;

import io.membrane.fragment.eviction.Admission;
import io.membrane.fragment.eviction.Candidate;
import io.membrane.fragment.eviction.EvictionPolicy;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.OffHeap;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The payloads that this process keeps in its own memory, outside of the heap, and room for those
 * that pass through it.
 *
 * <p>What is here is a copy of what is in Redis. When a name is removed or its bytes are replaced,
 * by whichever replica, {@link #forget} is called; what was looked up in Redis before that must not
 * come in after it, so whoever fills the tier takes a {@link #moment} before it asks Redis.
 *
 * <p>Thread-safe. One lock is held for the bookkeeping of a hit or an admission, never while bytes
 * are copied or while anything waits.
 */
public final class MemoryTier implements AutoCloseable {

  private static final int PAGE = 4096;
  private static final int TYPICAL_BYTES = 256 * 1024;
  private static final int SEED = 0x4d62;
  private static final Duration PAUSE = Duration.ofMillis(1);

  private final ReentrantLock lock = new ReentrantLock();

  /** Held by whoever waits for room and is next. */
  private final ReentrantLock turn = new ReentrantLock(true);

  private final Map<Name, Fragment> held = new ConcurrentHashMap<>();
  private final Moments<Name> moments = new Moments<>();
  private final OffHeap memory;

  /** Room for compressed forms while they are written; null if there is none. */
  private final @Nullable OffHeap forms;

  /** As {@link #turn}, for that room. */
  private final ReentrantLock formsTurn = new ReentrantLock(true);

  private final @Nullable EvictionPolicy<Name> policy;
  private final Duration maxWait;
  private final Clock clock;

  /** As the other, without room for compressed forms. */
  public MemoryTier(
      long keepBytes, long passBytes, Duration maxWait, boolean traceLeaks, Clock clock) {
    this(keepBytes, passBytes, 0, maxWait, traceLeaks, clock);
  }

  /**
   * @param keepBytes bytes that are kept; 0: nothing is, all is read from Redis
   * @param passBytes bytes that may pass through at a time, at least one payload's
   * @param formBytes bytes of compressed forms that are on their way to Redis, at least one
   *     payload's; 0: none are written
   * @param maxWait longest wait for room
   * @param traceLeaks see {@link OffHeap#OffHeap(long, boolean)}
   */
  public MemoryTier(
      long keepBytes,
      long passBytes,
      long formBytes,
      Duration maxWait,
      boolean traceLeaks,
      Clock clock) {
    this.forms = formBytes == 0 ? null : new OffHeap(formBytes, traceLeaks);
    this.memory = new OffHeap(keepBytes + passBytes, traceLeaks);
    this.policy = keepBytes < PAGE ? null : new EvictionPolicy<>(keepBytes, TYPICAL_BYTES, SEED);
    this.maxWait = maxWait;
    this.clock = clock;
  }

  /** A lease of what is here under a name, or null. Does not block. */
  public @Nullable Fragment find(Name name) {
    long now = clock.millis();
    // Under the lock, so that nobody closes a payload before it is retained.
    lock.lock();
    try {
      return lease(name, now);
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #find(Name)}, in order. */
  List<@Nullable Fragment> find(List<Name> names) {
    List<@Nullable Fragment> found = new ArrayList<>(names.size());
    long now = clock.millis();
    lock.lock();
    try {
      for (Name name : names) {
        found.add(lease(name, now));
      }
    } finally {
      lock.unlock();
    }
    return found;
  }

  private @Nullable Fragment lease(Name name, long now) {
    Fragment here = held.get(name);
    if (policy == null || here == null || here.description().hasEnded(now)) {
      return null;
    }
    policy.hit(name);
    return new Fragment(here.description(), here.body().retain());
  }

  /** What is known of a name that is here, or null. Counts as no use. */
  @Nullable Description describe(Name name) {
    return describe(List.of(name)).getFirst();
  }

  /** As {@link #describe(Name)}, in order. */
  List<@Nullable Description> describe(List<Name> names) {
    List<@Nullable Description> known = new ArrayList<>(names.size());
    // Read once: between two look-ups it would keep the processor from beginning the next.
    long now = clock.millis();
    for (Name name : names) {
      Fragment found = held.get(name);
      known.add(found == null || found.description().hasEnded(now) ? null : found.description());
    }
    return known;
  }

  /** What is here; a view, which changes as that does. */
  public Collection<Name> names() {
    return Collections.unmodifiableSet(held.keySet());
  }

  /**
   * Room for a payload that passes through; first come, first served.
   *
   * @param bytes 0 if not known yet; the claim then grows by {@link #grow}
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if there is none in time
   */
  public Claim claim(long bytes) {
    Claim claim = turn.isLocked() ? null : memory.tryClaim(bytes);
    return claim == null ? inTurn(turn, () -> memory.tryClaim(bytes)) : claim;
  }

  /**
   * Room for a compressed form until it lies in Redis; first come, first served. Who waits for it
   * may hold other room: who has it waits for Redis alone.
   *
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if there is none in time
   * @throws IllegalStateException if this was made without room for any
   */
  Claim claimForm(long bytes) {
    OffHeap room = forms;
    if (room == null) {
      throw new IllegalStateException("there is no room for compressed forms");
    }
    return inTurn(formsTurn, () -> room.tryClaim(bytes));
  }

  /** As {@link #claim}, for {@code bytes} more. */
  public void grow(Claim claim, long bytes) {
    if (turn.isLocked() || !claim.grow(bytes)) {
      inTurn(turn, () -> claim.grow(bytes) ? claim : null);
    }
  }

  private <T> T inTurn(ReentrantLock turn, Supplier<@Nullable T> attempt) {
    CallContext patience = CallContext.currentOr(maxWait).within(maxWait);
    try {
      if (turn.tryLock(patience.remaining().toNanos(), TimeUnit.NANOSECONDS)) {
        try {
          while (!patience.remaining().isZero()) {
            T got = attempt.get();
            if (got != null) {
              return got;
            }
            Thread.sleep(PAUSE);
          }
        } finally {
          turn.unlock();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new MembraneException(
        ErrorCode.OVERLOADED,
        "too many bytes are being transferred; try again, with fewer transfers at a time");
  }

  /** Now, for {@link #admit}. */
  long moment() {
    return moments.now();
  }

  /**
   * Offers a payload, which may be kept if it is worth more than what would have to go.
   *
   * @param moment taken before the payload was looked up or stored
   */
  void admit(Fragment fragment, long moment) {
    if (policy == null) {
      return;
    }
    Description description = fragment.description();
    Name name = description.name();
    double weight = Rank.weight(description.meta(), description.bytes());
    long bytes = pages(description.bytes());
    lock.lock();
    try {
      if (moments.wasForgottenSince(name, moment)) {
        return;
      }
      Fragment before = held.remove(name);
      if (before != null) {
        policy.remove(name);
        before.close();
      }
      Admission<Name> admission =
          policy.offer(
              new Candidate<>(
                  name,
                  bytes,
                  weight * bytes,
                  description.priorityClass(),
                  name.parent(description.meta())),
              busy -> false);
      drop(admission.victims());
      if (admission.admitted()) {
        held.put(name, new Fragment(description, fragment.body().retain()));
      }
    } finally {
      lock.unlock();
    }
  }

  /** A name is gone, or has other bytes or another life. */
  public void forget(Name name) {
    if (policy == null) {
      return;
    }
    lock.lock();
    try {
      moments.forgotten(name);
      policy.remove(name);
      drop(List.of(name));
    } finally {
      lock.unlock();
    }
  }

  /** Nothing that was known is sure any more. */
  void forgetAll() {
    if (policy == null) {
      return;
    }
    lock.lock();
    try {
      moments.allForgotten();
      List<Name> names = new ArrayList<>(held.keySet());
      names.forEach(policy::remove);
      drop(names);
    } finally {
      lock.unlock();
    }
  }

  private void drop(List<Name> names) {
    for (Name name : names) {
      Fragment fragment = held.remove(name);
      if (fragment != null) {
        fragment.close();
      }
    }
  }

  private static long pages(long bytes) {
    return Math.max(1, Math.ceilDiv(bytes, PAGE)) * PAGE;
  }

  /** Bytes that are kept, in whole pages of 4 KiB. */
  public long keptBytes() {
    lock.lock();
    try {
      return policy == null ? 0 : policy.usedBytes();
    } finally {
      lock.unlock();
    }
  }

  /** Bytes that may be kept. */
  public long keepBytes() {
    return policy == null ? 0 : policy.capacityBytes();
  }

  /** Bytes that pass through: of uploads, downloads and answers that are being written. */
  public long passingBytes() {
    return Math.max(0, memory.usedBytes() - keptBytes()) + (forms == null ? 0 : forms.usedBytes());
  }

  /** Leases that were never closed. */
  public long leaks() {
    return memory.leaks() + (forms == null ? 0 : forms.leaks());
  }

  @Override
  public void close() {
    forgetAll();
    memory.close();
    if (forms != null) {
      forms.close();
    }
  }
}
