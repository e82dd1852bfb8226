package io.membrane.fragment.offheap;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * The memory of one payload, and how many hold it: leases and calls that are reading or writing. It
 * is given back when the last of them lets go, so that a lease that is closed in the middle of a
 * call never pulls the memory away from under it.
 *
 * <p>{@link #hold} and {@link #letGo} are thread-safe; the rest is for the one writer, and for
 * readers after {@link #commit}.
 */
final class Chain {

  private final Memory memory;
  private final Runs runs;
  private final Consumer<Chain> onFree;
  private final AtomicLong holds = new AtomicLong(1);
  private boolean committed;
  private long bytes;

  /**
   * Held once.
   *
   * @param bytes that may be written; the runs have the units for it
   * @param onFree is called once, when nobody holds it any more
   */
  Chain(Memory memory, Runs runs, long bytes, Consumer<Chain> onFree) {
    this.onFree = onFree;
    this.memory = memory;
    this.runs = runs;
    this.bytes = bytes;
  }

  Runs runs() {
    return runs;
  }

  /** Bytes claimed; once committed, bytes of the payload. */
  long bytes() {
    return bytes;
  }

  boolean committed() {
    return committed;
  }

  void growTo(long bytes) {
    this.bytes = bytes;
  }

  void commit(long bytes) {
    this.bytes = bytes;
    committed = true;
  }

  /** Answers whether there was anything left to hold. */
  boolean hold() {
    long held = holds.get();
    while (held > 0 && !holds.compareAndSet(held, held + 1)) {
      held = holds.get();
    }
    return held > 0;
  }

  void letGo() {
    if (holds.decrementAndGet() == 0) {
      onFree.accept(this);
    }
  }

  /** A buffer over the bytes from {@code from} on, at most {@code most}: as many as adjoin. */
  ByteBuffer writable(long from, long most) {
    int run = runHolding(from);
    return memory.writable(runs.start(run), offset(run, from), adjoining(run, from, most));
  }

  /** The same, read-only. */
  ByteBuffer readable(long from, long most) {
    int run = runHolding(from);
    return memory.readable(runs.start(run), offset(run, from), adjoining(run, from, most));
  }

  private int runHolding(long from) {
    return runs.holding((int) (from / Memory.UNIT_BYTES));
  }

  private long offset(int run, long from) {
    return from - (long) runs.unitsBefore(run) * Memory.UNIT_BYTES;
  }

  private int adjoining(int run, long from, long most) {
    return (int) Math.min(most, (long) runs.length(run) * Memory.UNIT_BYTES - offset(run, from));
  }
}
