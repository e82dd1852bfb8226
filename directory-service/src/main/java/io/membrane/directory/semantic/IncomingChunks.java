package io.membrane.directory.semantic;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Embeddings on their way into {@link NearestChunks}: a graph takes about a millisecond for one,
 * for which the log's reader cannot wait. One thread takes them in, in the order in which they
 * came. Past the limit the first to come goes, as it would in the index. Thread-safe.
 */
public final class IncomingChunks implements AutoCloseable {

  private record Chunk(Namespace namespace, String domain, BlockHash block) {}

  private final NearestChunks index;
  private final int maxWaiting;
  private final ReentrantLock changing = new ReentrantLock();
  private final Condition changed = changing.newCondition();
  private final Map<Chunk, float[]> waiting = new LinkedHashMap<>();
  private final AtomicLong refused = new AtomicLong();
  private boolean isStopping;
  private @Nullable Thread thread;

  /**
   * An entrance that takes nothing in yet.
   *
   * @param maxWaiting most embeddings that wait
   */
  public IncomingChunks(NearestChunks index, int maxWaiting) {
    this.index = index;
    this.maxWaiting = maxWaiting;
  }

  /** Begins to take in. */
  public void start() {
    changing.lock();
    try {
      isStopping = false;
      thread = Thread.ofPlatform().name("semantic").daemon().start(this::run);
    } finally {
      changing.unlock();
    }
  }

  /** Leaves what still waits. */
  @Override
  public void close() {
    Thread running;
    changing.lock();
    try {
      isStopping = true;
      changed.signalAll();
      running = thread;
      thread = null;
    } finally {
      changing.unlock();
    }
    if (running != null) {
      running.interrupt();
    }
  }

  /** Hands an embedding over, as {@link NearestChunks#put}. */
  public void put(Namespace namespace, String domain, BlockHash block, float[] embedding) {
    Chunk chunk = new Chunk(namespace, domain, block);
    changing.lock();
    try {
      waiting.remove(chunk);
      waiting.put(chunk, embedding);
      if (waiting.size() > maxWaiting) {
        Iterator<Chunk> first = waiting.keySet().iterator();
        first.next();
        first.remove();
      }
      changed.signal();
    } finally {
      changing.unlock();
    }
  }

  /** Embeddings so far that cannot be compared with those before them. */
  public long refused() {
    return refused.get();
  }

  private void run() {
    try {
      boolean goesOn = true;
      while (goesOn) {
        goesOn = takeIn();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean takeIn() throws InterruptedException {
    Map.Entry<Chunk, float[]> next;
    changing.lockInterruptibly();
    try {
      while (waiting.isEmpty() && !isStopping) {
        changed.await();
      }
      if (isStopping) {
        return false;
      }
      Iterator<Map.Entry<Chunk, float[]>> entries = waiting.entrySet().iterator();
      Map.Entry<Chunk, float[]> first = entries.next();
      next = Map.entry(first.getKey(), first.getValue());
      entries.remove();
    } finally {
      changing.unlock();
    }
    Chunk chunk = next.getKey();
    try {
      index.put(chunk.namespace(), chunk.domain(), chunk.block(), next.getValue());
    } catch (IllegalArgumentException e) {
      refused.incrementAndGet();
    }
    return true;
  }
}
