package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.directory.feed.EventLog;
import io.membrane.directory.feed.Notes;
import io.membrane.directory.feed.Notes.UsedContext;
import io.membrane.directory.location.Image;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Contexts that sessions used, on their way into the log, from which every replica learns them. One
 * entry of at most {@value #MAX_CONTEXTS} contexts and {@value #MAX_BLOCKS} blocks is appended
 * every 100 ms, so that learning takes a bounded share of the log's readers; what is too much for
 * that is counted and left out. Of a session the latest context counts. Thread-safe.
 */
final class SessionContexts {

  private static final Logger log = LoggerFactory.getLogger(SessionContexts.class);

  static final int MAX_CONTEXTS = 256;
  static final int MAX_BLOCKS = 16_384;
  static final int MAX_WAITING = 4096;
  private static final Duration BETWEEN = Duration.ofMillis(100);

  private record Session(String domain, String id) {}

  private record Used(BlockHash last, int blocks) {}

  private final Image image;
  private final EventLog events;
  private final ReentrantLock changing = new ReentrantLock();
  private final Condition changed = changing.newCondition();
  private final Map<Session, Used> waiting = new LinkedHashMap<>();
  private final AtomicLong noted = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private @Nullable Thread thread;

  SessionContexts(Image image, EventLog events) {
    this.image = image;
    this.events = events;
  }

  /**
   * A session's id.
   *
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} if it is blank or too long
   */
  static String id(String written) {
    if (written.isBlank() || written.length() > DirectoryClient.MAX_SESSION_ID) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "session_id is 1 to " + DirectoryClient.MAX_SESSION_ID + " characters, not blank");
    }
    return written;
  }

  /**
   * Notes that a session used a context: the leading blocks of it that its domain has.
   *
   * @return whether it was taken; false if there is nothing of it, or too much waits
   */
  boolean note(String domain, String session, List<BlockHash> chain) {
    int blocks = image.leading(chain, domain);
    if (blocks == 0) {
      return false;
    }
    Session key = new Session(domain, session);
    changing.lock();
    try {
      if (waiting.size() == MAX_WAITING && !waiting.containsKey(key)) {
        dropped.incrementAndGet();
        return false;
      }
      waiting.put(key, new Used(chain.get(blocks - 1), blocks));
      changed.signal();
      return true;
    } finally {
      changing.unlock();
    }
  }

  /** Contexts that came into the log from here. */
  long noted() {
    return noted.get();
  }

  /** Contexts that were left out: too many at once, or Redis was gone. */
  long dropped() {
    return dropped.get();
  }

  void start() {
    changing.lock();
    try {
      thread = Thread.ofPlatform().name("contexts").daemon().start(this::run);
    } finally {
      changing.unlock();
    }
  }

  /** Leaves what still waits. */
  void stop() {
    changing.lock();
    try {
      if (thread != null) {
        thread.interrupt();
      }
      thread = null;
    } finally {
      changing.unlock();
    }
  }

  boolean isRunning() {
    changing.lock();
    try {
      return thread != null;
    } finally {
      changing.unlock();
    }
  }

  private void run() {
    boolean failed = false;
    while (!Thread.currentThread().isInterrupted()) {
      try {
        List<UsedContext> batch = next();
        try {
          events.append(Notes.of(batch));
          noted.addAndGet(batch.size());
          failed = false;
        } catch (RuntimeException e) {
          dropped.addAndGet(batch.size());
          if (!failed && isRunning()) {
            log.warn("contexts of sessions cannot be noted", e);
          }
          failed = true;
        }
        TimeUnit.NANOSECONDS.sleep(BETWEEN.toNanos());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private List<UsedContext> next() throws InterruptedException {
    changing.lockInterruptibly();
    try {
      while (waiting.isEmpty()) {
        changed.await();
      }
      List<UsedContext> batch = new ArrayList<>();
      int blocks = 0;
      Iterator<Map.Entry<Session, Used>> entries = waiting.entrySet().iterator();
      while (entries.hasNext() && batch.size() < MAX_CONTEXTS) {
        Map.Entry<Session, Used> entry = entries.next();
        blocks += entry.getValue().blocks();
        if (blocks > MAX_BLOCKS && !batch.isEmpty()) {
          break;
        }
        Session session = entry.getKey();
        batch.add(new UsedContext(session.domain(), session.id(), entry.getValue().last()));
        entries.remove();
      }
      return batch;
    } finally {
      changing.unlock();
    }
  }
}
