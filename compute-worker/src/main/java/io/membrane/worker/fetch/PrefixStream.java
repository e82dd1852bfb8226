package io.membrane.worker.fetch;

import io.membrane.block.FragmentKey;
import io.membrane.rpc.Hedging;
import io.membrane.wire.FragmentClient;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The leading blocks of a prompt on their way from the store, the last ones first: meanwhile the
 * first ones may be computed, and where the two meet nothing is left to do (S. Jin et al., "Compute
 * Or Load KV Cache? Why Not Both?", 2024).
 *
 * <p>What is asked for and what has arrived is bounded by a window, which {@link #take} moves on;
 * nothing is asked for before there is room for it, so that no answer waits in its connection.
 * Thread-safe.
 */
public final class PrefixStream implements AutoCloseable {

  private final FragmentClient fragments;
  private final List<FragmentKey> keys;
  private final FrameCheck check;
  private final long blockBytes;
  private final Hedging hedging;
  private final Runnable news;

  final ReentrantLock lock = new ReentrantLock();
  final Condition changed = lock.newCondition();
  final OpenBlocks prefix;
  private final Progress progress = new Progress();
  private int waiting;
  private int running;
  private int attempts;

  private PrefixStream(
      FragmentClient fragments,
      List<FragmentKey> keys,
      FrameCheck check,
      FetchOptions options,
      Hedging hedging,
      Runnable news) {
    this.fragments = fragments;
    this.keys = keys;
    this.check = check;
    this.blockBytes = options.blockBytes();
    this.hedging = hedging;
    this.news = news;
    this.prefix = new OpenBlocks(keys.size(), options);
  }

  /**
   * Begins to fetch, in the caller's context.
   *
   * @param keys of the prompt's blocks from the first on
   * @param news told on any thread, and with no lock held, that there is something to take, or that
   *     nothing more comes
   */
  public static PrefixStream open(
      FragmentClient fragments,
      List<FragmentKey> keys,
      FrameCheck check,
      FetchOptions options,
      Hedging hedging,
      Runnable news) {
    PrefixStream stream = new PrefixStream(fragments, keys, check, options, hedging, news);
    stream.start();
    return stream;
  }

  private void start() {
    running = Math.min(FetchOptions.STREAMS, prefix.requests());
    for (int i = 0, threads = running; i < threads; i++) {
      Thread _ = FetchThread.start("prefix", this::run);
    }
  }

  private void run() {
    try {
      for (BitSet blocks = next(); !blocks.isEmpty(); blocks = next()) {
        new Batch(this, blocks, hedging).run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ended();
    }
  }

  /** The blocks to ask for next, once there is room for them; empty if none are left. */
  private BitSet next() throws InterruptedException {
    BitSet blocks = reserve();
    while (blocks == null) {
      news.run();
      awaitRoom();
      blocks = reserve();
    }
    return blocks;
  }

  /** As {@link #next}; null where there is no room, and then the caller has to wait for it. */
  private @Nullable BitSet reserve() {
    lock.lock();
    try {
      BitSet blocks = prefix.reserve();
      if (blocks == null) {
        waiting++;
        progress.paused(waiting == running);
      }
      return blocks;
    } finally {
      lock.unlock();
    }
  }

  private void awaitRoom() throws InterruptedException {
    lock.lock();
    try {
      while (!prefix.isAllAskedFor() && !prefix.hasRoom()) {
        changed.await();
      }
    } finally {
      waiting--;
      progress.paused(false);
      lock.unlock();
    }
  }

  private void ended() {
    lock.lock();
    try {
      running--;
      if (running == 0) {
        prefix.giveUp();
        progress.ended();
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    news.run();
  }

  /** A request that is about to start. To be called with the lock. */
  Attempt attempt(List<Integer> blocks, Attempt.Listener listener) {
    attempts++;
    List<FragmentKey> wanted = blocks.stream().map(keys::get).toList();
    return new Attempt(fragments, wanted, blockBytes, listener);
  }

  /** To be called with the lock. */
  void attemptEnded() {
    attempts--;
    changed.signalAll();
  }

  FrameCheck check() {
    return check;
  }

  /** A block has come, unless it is not wanted any more. To be called with the lock. */
  boolean deliver(FetchedBlock block) {
    boolean isWanted = prefix.deliver(block);
    if (isWanted) {
      progress.arrived();
    }
    return isWanted;
  }

  void tell() {
    news.run();
  }

  /** What has arrived since the last time; the caller has to use it or let it go. */
  public List<FetchedBlock> take() {
    lock.lock();
    try {
      List<FetchedBlock> taken = prefix.take();
      changed.signalAll();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** Blocks before this one are, or are about to be, computed: they are not fetched any more. */
  public void computed(int blocks) {
    lock.lock();
    try {
      prefix.computed(Math.min(blocks, keys.size()));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing more will arrive; there may still be something to take. */
  public boolean isDone() {
    return locked(() -> prefix.count() == 0);
  }

  /** Whether it goes on only after something was taken. */
  public boolean isFull() {
    return locked(() -> waiting > 0 && prefix.hasArrived());
  }

  /** Nanoseconds until the last open block is there, if they come as they did so far. */
  public double expectedNanos() {
    return locked(() -> progress.expectedNanos(prefix.count()));
  }

  /** Nanoseconds that it took, or has taken so far, without those that it waited for room. */
  public long tookNanos() {
    return locked(() -> progress.tookNanos());
  }

  /** Blocks that were asked for and could not be had. */
  public BitSet missing() {
    return locked(() -> prefix.missing());
  }

  /** Ends what is under way; nothing arrives any more. */
  @Override
  public void close() {
    lock.lock();
    try {
      prefix.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether none of its threads is left. */
  public boolean isEnded() {
    return locked(() -> running == 0 && attempts == 0);
  }

  private <T> T locked(Supplier<T> question) {
    lock.lock();
    try {
      return question.get();
    } finally {
      lock.unlock();
    }
  }
}
