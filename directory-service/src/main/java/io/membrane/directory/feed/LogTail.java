package io.membrane.directory.feed;

import io.membrane.directory.location.Image;
import io.membrane.wire.LogPosition;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the image as the log says: reads the log from its beginning, then what is appended. Its one
 * thread is the image's only writer.
 *
 * <p>With every page it asks whether the log still holds the entry that it stands at. If not, the
 * log is another one (Redis came back empty, or was flushed) or went on without it (trimmed past
 * it): then the image is cleared and built again. So neither a lost connection nor a fast restart
 * can leave an image of a log that is gone.
 *
 * <p>An entry that cannot be understood is counted, logged and skipped. While Redis is gone the
 * image stays as it is, and {@link #isCaughtUp} says that it may be old.
 */
public final class LogTail implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(LogTail.class);

  private static final int PAGE = 1000;
  private static final Duration PATIENCE = Duration.ofMillis(500);
  private static final Duration NO_PATIENCE = Duration.ofMillis(1);
  private static final Duration BETWEEN_ATTEMPTS = Duration.ofMillis(200);
  private static final Duration BETWEEN_SWEEPS = Duration.ofMinutes(1);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(5);

  /** What became of log entries, for metrics. */
  public enum Outcome {
    APPLIED,
    SEEN,
    OUTDATED,
    SKIPPED
  }

  private final EventLog events;
  private final Image image;
  private final long maxEntries;
  private final Clock clock;
  private final Map<Outcome, AtomicLong> outcomes = new EnumMap<>(Outcome.class);
  private final ReentrantLock moving = new ReentrantLock();
  private final Condition moved = moving.newCondition();
  private volatile LogPosition position = LogPosition.START;
  private volatile boolean caughtUp;
  private volatile boolean stopping;
  private volatile long lagMs;
  private long sweptAtMs;
  private @Nullable Thread thread;

  /**
   * A tail that does not run yet.
   *
   * @param maxEntries the log is cut to about so many entries, the oldest going first
   */
  public LogTail(EventLog events, Image image, long maxEntries, Clock clock) {
    this.events = events;
    this.image = image;
    this.maxEntries = maxEntries;
    this.clock = clock;
    for (Outcome outcome : Outcome.values()) {
      outcomes.put(outcome, new AtomicLong());
    }
  }

  /** Begins to read. */
  public synchronized void start() {
    stopping = false;
    sweptAtMs = clock.millis();
    thread = Thread.ofPlatform().name("log-tail").start(this::run);
  }

  /** Stops reading, within a few seconds; the image stays as it is. */
  @Override
  public synchronized void close() {
    stopping = true;
    if (thread != null) {
      thread.interrupt();
      try {
        if (!thread.join(STOP_LIMIT)) {
          log.warn("the log's reader has not ended within {}", STOP_LIMIT);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      thread = null;
    }
  }

  /** Whether the reader runs. */
  public synchronized boolean isRunning() {
    return thread != null;
  }

  /** Whether the image holds all that the log held when it was last asked, and it answers. */
  public boolean isCaughtUp() {
    return caughtUp;
  }

  /** Position of the last entry that the image holds. */
  public LogPosition position() {
    return position;
  }

  /** Age in milliseconds that the newest entry had when the image took it in; 0 when it waits. */
  public long lagMs() {
    return lagMs;
  }

  /** Entries read so far by what became of them. */
  public long count(Outcome outcome) {
    return counter(outcome).get();
  }

  /**
   * Waits until the image holds an entry.
   *
   * @return whether it does; false once {@code limit} is over
   */
  public boolean await(LogPosition wanted, Duration limit) {
    if (position.compareTo(wanted) >= 0) {
      return true;
    }
    long nanos = limit.toNanos();
    moving.lock();
    try {
      while (position.compareTo(wanted) < 0) {
        if (nanos <= 0) {
          return false;
        }
        nanos = moved.awaitNanos(nanos);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      moving.unlock();
    }
  }

  private void run() {
    boolean reported = false;
    while (!stopping) {
      try (EventLog.Reader reader = events.open()) {
        reported = false;
        follow(reader);
      } catch (RuntimeException e) {
        caughtUp = false;
        if (!stopping && !reported) {
          reported = true;
          log.warn("the log cannot be read; the image stays at {}", position, e);
        }
        LockSupport.parkNanos(BETWEEN_ATTEMPTS.toNanos());
      }
    }
    caughtUp = false;
  }

  private void follow(EventLog.Reader reader) {
    while (!stopping) {
      List<Recorded> page = reader.after(position, PAGE, caughtUp ? PATIENCE : NO_PATIENCE);
      if (!position.equals(LogPosition.START) && !reader.holds(position)) {
        log.warn("the log no longer holds {}; the image is built again", position);
        caughtUp = false;
        image.clear();
        moveTo(LogPosition.START);
        continue;
      }
      take(page);
      if (page.size() < PAGE && !caughtUp) {
        caughtUp = true;
        log.info("the image holds {} blocks, up to {}", image.blocks(), position);
      }
      sweep();
    }
  }

  private void take(List<Recorded> page) {
    RuntimeException firstProblem = null;
    LogPosition firstSkipped = null;
    int skipped = 0;
    for (Recorded recorded : page) {
      Outcome outcome;
      try {
        outcome =
            switch (image.apply(recorded.entry())) {
              case APPLIED -> Outcome.APPLIED;
              case SEEN -> Outcome.SEEN;
              case OUTDATED -> Outcome.OUTDATED;
            };
      } catch (RuntimeException e) {
        outcome = Outcome.SKIPPED;
        skipped++;
        if (firstProblem == null) {
          firstProblem = e;
          firstSkipped = recorded.position();
        }
      }
      counter(outcome).incrementAndGet();
    }
    if (firstProblem != null) {
      log.warn(
          "{} entries of the log were skipped, the first at {}: {}",
          skipped,
          firstSkipped,
          firstProblem.getMessage(),
          firstProblem);
    }
    if (page.isEmpty()) {
      lagMs = 0;
    } else {
      LogPosition last = page.getLast().position();
      lagMs = Math.max(0, clock.millis() - last.ms());
      moveTo(last);
    }
  }

  private AtomicLong counter(Outcome outcome) {
    return Objects.requireNonNull(outcomes.get(outcome));
  }

  private void moveTo(LogPosition next) {
    moving.lock();
    try {
      position = next;
      moved.signalAll();
    } finally {
      moving.unlock();
    }
  }

  private void sweep() {
    long now = clock.millis();
    if (now - sweptAtMs >= BETWEEN_SWEEPS.toMillis()) {
      sweptAtMs = now;
      image.dropExpired();
      events.trim(maxEntries);
    }
  }
}
