package io.membrane.fragment.offheap;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory outside the heap for payloads: bounded, claimed and leased.
 *
 * <pre>
 *   tryClaim ──► Claim ──append, grow──► commit ──► Payload ──retain──► Payload …
 *                  │                                   │                   │
 *                close                               close               close
 *                  └──────── blocks are given back ◄── when the last is closed
 * </pre>
 *
 * <p>All memory is taken at the start and touched by all cores at once, in segments of 1 GiB: a
 * start that succeeds has its memory for good. A payload takes whole units of 4 KiB, wherever they
 * are free, so a claim succeeds if and only if enough units are free, however long the memory has
 * been in use ({@link BuddyAllocator}).
 *
 * <p>A claim or lease that becomes unreachable before it is closed is a leak: an error of the
 * program. Its memory is given back when the garbage collector notices; it is counted and logged.
 *
 * <p>Thread-safe. One lock is held for the bookkeeping of a claim or of the end of a payload, never
 * while bytes are copied: less than a tenth of a microsecond per block.
 */
public final class OffHeap implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(OffHeap.class);

  /** Units per segment of 1 GiB, the largest power of two that one buffer can show. */
  private static final int UNITS_PER_SEGMENT = 1 << 18;

  private final ReentrantLock lock = new ReentrantLock();
  private final BuddyAllocator allocator;
  private final Memory memory;
  private final int units;
  private final int unitsPerSegment;
  private final boolean traceLeaks;
  private final Cleaner cleaner = Cleaner.create();
  private final TransferBuffers transferBuffers = new TransferBuffers();
  private final LongAdder payloadBytes = new LongAdder();
  private final LongAdder openClaims = new LongAdder();
  private final LongAdder leaks = new LongAdder();
  private int chains;
  private boolean closed;

  /** Without the stacks of leaks. */
  public OffHeap(long capacityBytes) {
    this(capacityBytes, false);
  }

  /**
   * @param capacityBytes from 4 KiB to 8 TiB; what is over whole units of 4 KiB is not used
   * @param traceLeaks whether every claim and lease records its stack, to be logged if it leaks:
   *     some microseconds and kilobytes each, for a search and not for a production day
   * @throws IllegalArgumentException if the capacity is out of range
   * @throws IllegalStateException if the machine or container does not have the memory
   */
  public OffHeap(long capacityBytes, boolean traceLeaks) {
    this(capacityBytes, traceLeaks, UNITS_PER_SEGMENT);
  }

  OffHeap(long capacityBytes, boolean traceLeaks, int unitsPerSegment) {
    long whole = capacityBytes / Memory.UNIT_BYTES;
    if (whole < 1 || whole > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "the capacity is from 4096 bytes to 8 TiB, not " + capacityBytes);
    }
    this.units = (int) whole;
    this.unitsPerSegment = unitsPerSegment;
    this.traceLeaks = traceLeaks;
    memory = new Memory(units, unitsPerSegment);
    allocator = new BuddyAllocator(units);
  }

  /**
   * Claims room for a payload. Does not wait: whether to evict, to wait or to refuse is the
   * caller's to decide.
   *
   * @param bytes 0 or more; 0 for a payload whose length is not known, which then grows
   * @return null if there is no room, or no more because this is closed
   */
  public @Nullable Claim tryClaim(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("cannot claim " + bytes + " bytes");
    }
    Runs runs = new Runs(unitsPerSegment);
    lock.lock();
    try {
      if (!allocate(unitsFor(bytes), runs)) {
        return null;
      }
      chains++;
    } finally {
      lock.unlock();
    }
    openClaims.increment();
    return new Claim(this, guard(new Chain(memory, runs, bytes, this::free)));
  }

  /** Grows a chain; answers whether there was room. */
  boolean tryGrow(Chain chain, long bytes) {
    long more = unitsFor(bytes) - chain.runs().units();
    lock.lock();
    try {
      return allocate(more, chain.runs());
    } finally {
      lock.unlock();
    }
  }

  private boolean allocate(long wanted, Runs runs) {
    if (closed || wanted > allocator.freeUnits()) {
      return false;
    }
    allocator.allocate((int) wanted, runs);
    return true;
  }

  /** Makes a chain a payload of its first {@code bytes} bytes, and gives back the rest. */
  void commit(Chain chain, long bytes) {
    Runs unused = chain.runs().cutTo((int) unitsFor(bytes));
    chain.commit(bytes);
    openClaims.decrement();
    payloadBytes.add(bytes);
    if (unused.size() > 0) {
      lock.lock();
      try {
        free(unused);
      } finally {
        lock.unlock();
      }
    }
  }

  /** The end of a chain that nobody holds any more. */
  private void free(Chain chain) {
    if (chain.committed()) {
      payloadBytes.add(-chain.bytes());
    } else {
      openClaims.decrement();
    }
    boolean last;
    lock.lock();
    try {
      free(chain.runs());
      chains--;
      last = closed && chains == 0;
    } finally {
      lock.unlock();
    }
    if (last) {
      memory.close();
    }
  }

  private void free(Runs runs) {
    for (int run = 0; run < runs.size(); run++) {
      allocator.free(runs.start(run), runs.length(run));
    }
  }

  /** A guard for a share of the chain that the caller holds. */
  Guard guard(Chain chain) {
    return new Guard(this, chain, cleaner, traceLeaks ? new Throwable("taken here") : null);
  }

  void leaked(long bytes, @Nullable Throwable origin) {
    log.error(
        "a claim or lease of {} bytes was never closed; its memory was given back{}",
        bytes,
        origin == null ? ", and the flag that traces leaks tells where it was taken" : "",
        origin);
    leaks.increment();
  }

  TransferBuffers transferBuffers() {
    return transferBuffers;
  }

  private static long unitsFor(long bytes) {
    return bytes / Memory.UNIT_BYTES + (bytes % Memory.UNIT_BYTES == 0 ? 0 : 1);
  }

  /** Most bytes there can be, in whole units of 4 KiB. */
  public long capacityBytes() {
    return (long) units * Memory.UNIT_BYTES;
  }

  /** Bytes of the units that claims and payloads hold. */
  public long usedBytes() {
    lock.lock();
    try {
      return (long) (units - allocator.freeUnits()) * Memory.UNIT_BYTES;
    } finally {
      lock.unlock();
    }
  }

  /** Length of all payloads that are committed and leased; each counted once. */
  public long payloadBytes() {
    return payloadBytes.sum();
  }

  /** Claims that are open: neither committed nor closed. */
  public long claims() {
    return openClaims.sum();
  }

  /** Claims and leases that were forgotten unclosed, since the start. */
  public long leaks() {
    return leaks.sum();
  }

  /**
   * Ends this: there is no room from now on. What is claimed or leased stays usable; the memory
   * goes back to the operating system with the last of it. Idempotent.
   */
  @Override
  public void close() {
    boolean last;
    lock.lock();
    try {
      last = !closed && chains == 0;
      closed = true;
    } finally {
      lock.unlock();
    }
    if (last) {
      memory.close();
    }
  }
}
