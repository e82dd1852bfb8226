package io.membrane.fragment.offheap;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/**
 * One share of a chain, held by a claim or a lease. A guard that becomes unreachable before it is
 * closed is a leak: its share is let go all the same, by a {@link Cleaner}. Thread-safe.
 */
final class Guard implements AutoCloseable {

  private final Share share;
  private final Cleaner.Cleanable cleanable;

  /**
   * @param chain held once already, for this guard
   * @param origin where the guard comes from, if that is recorded
   */
  Guard(OffHeap owner, Chain chain, Cleaner cleaner, @Nullable Throwable origin) {
    share = new Share(owner, chain, origin);
    cleanable = cleaner.register(this, share);
  }

  /**
   * Holds the chain for one call, which ends with {@link Chain#letGo}.
   *
   * @throws IllegalStateException if this guard is closed
   */
  Chain hold() {
    try {
      if (share.closed || !share.chain.hold()) {
        throw new IllegalStateException("closed: this memory was given back");
      }
      return share.chain;
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Another guard of the same chain. */
  Guard copy() {
    Chain chain = hold();
    return share.owner.guard(chain);
  }

  TransferBuffers transferBuffers() {
    return share.owner.transferBuffers();
  }

  @Override
  public void close() {
    share.closed = true;
    cleanable.clean();
  }

  /** What is left when nobody remembers the guard. */
  private static final class Share implements Runnable {

    private final OffHeap owner;
    private final Chain chain;
    private final @Nullable Throwable origin;
    private volatile boolean closed;

    Share(OffHeap owner, Chain chain, @Nullable Throwable origin) {
      this.owner = owner;
      this.chain = chain;
      this.origin = origin;
    }

    /** Runs once: when the guard is closed, or when it was forgotten. */
    @Override
    public void run() {
      boolean leaked = !closed;
      long bytes = chain.bytes();
      chain.letGo();
      if (leaked) {
        owner.leaked(bytes, origin);
      }
    }
  }
}
