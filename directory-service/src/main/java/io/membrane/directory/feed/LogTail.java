package io.membrane.directory.feed;

import io.membrane.directory.location.Image;
import io.membrane.directory.location.NodeProgress;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the image as the log says: reads the log from its beginning, then what is appended. Its one
 * thread is the image's only writer.
 *
 * <p>With every page it learns, at one moment, which log that is and whether it still holds the
 * entry that the image stands at:
 *
 * <ul>
 *   <li>A log of another life: Redis came back empty. The image is cleared and built again.
 *   <li>The log was trimmed past the image: it goes on from the first entry that is left.
 *   <li>The log lost its end, to a failover: it goes on from what is left.
 * </ul>
 *
 * In the last two cases what was known stays, and is doubtful: a wrong place costs a caller a
 * wasted fetch, a cleared image every hit. A gap in the numbers of a source makes that source
 * doubtful.
 *
 * <p>An entry that cannot be understood is counted, logged and skipped. While Redis is gone the
 * image stays as it is, and {@link #isCaughtUp} says that it may be old.
 */
public final class LogTail implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(LogTail.class);

  private static final Duration PATIENCE = Duration.ofMillis(500);
  private static final Duration BETWEEN_ATTEMPTS = Duration.ofMillis(200);
  private static final Duration BETWEEN_SWEEPS = Duration.ofMinutes(1);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(5);

  /**
   * So much is read again where a log lost its end: a new primary whose clock is behind gives ids
   * that are less than those that were lost.
   */
  private static final long READ_AGAIN_MS = 60_000;

  /** What became of the log's events, for metrics. */
  public enum Outcome {
    APPLIED,
    SEEN,
    OUTDATED,
    SKIPPED
  }

  private final EventLog events;
  private final Image image;
  private final long maxBytes;
  private final Clock clock;
  private final Doubts doubts = new Doubts();
  private final LogSize size = new LogSize();
  private final Map<Outcome, AtomicLong> outcomes = new EnumMap<>(Outcome.class);
  private final Reached position = new Reached();

  /** Whether the position is that of an entry that the log should hold. */
  private boolean stands;

  private @Nullable String life;
  private volatile boolean caughtUp;
  private volatile boolean stopping;
  private volatile long lagMs;
  private long sweptAtMs;
  private @Nullable Thread thread;

  /**
   * A tail that does not run yet.
   *
   * @param maxBytes the log is cut to about so many bytes, the oldest entries going first
   */
  public LogTail(EventLog events, Image image, long maxBytes, Clock clock) {
    this.events = events;
    this.image = image;
    this.maxBytes = maxBytes;
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
    return position.get();
  }

  /**
   * Age in milliseconds, by Redis' clock, that the newest entry had when the image took it in; 0
   * when it waits.
   */
  public long lagMs() {
    return lagMs;
  }

  /** Whether entries were lost, so that the image may say too much or too little. */
  public boolean isDoubtful() {
    return doubts.any();
  }

  /** Gaps in the numbers of nodes' events so far. */
  public long gaps() {
    return doubts.gaps();
  }

  /** Whether events of a node that numbers them were lost, so that it has to begin a new epoch. */
  boolean doubts(String cluster, String node, String domain) {
    return doubts.areAbout(cluster, node, domain);
  }

  /** Events read so far by what became of them; an entry that cannot be read is one. */
  public long count(Outcome outcome) {
    return counter(outcome).get();
  }

  /**
   * Waits until the image holds an entry.
   *
   * @return whether it does; false once {@code limit} is over
   */
  public boolean await(LogPosition wanted, Duration limit) {
    return position.await(wanted, limit);
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
      if (caughtUp) {
        reader.awaitAfter(position.get(), PATIENCE);
      }
      Page page = reader.after(position.get());
      long readAtNanos = System.nanoTime();
      if (!goesOn(page)) {
        continue;
      }
      take(page.entries());
      size.add(page);
      lagMs = 0;
      if (!page.entries().isEmpty()) {
        LogPosition last = page.entries().getLast().position();
        Duration taken = Duration.ofNanos(System.nanoTime() - readAtNanos);
        lagMs = Math.max(0, page.redisMs() + taken.toMillis() - last.ms());
        stands = true;
        position.moveTo(last);
      }
      if (page.isLast() && !caughtUp) {
        caughtUp = true;
        log.info("the image holds {} blocks, up to {}", image.blocks(), position);
      }
      sweep();
    }
  }

  /** Whether the page is what comes after the image's position; otherwise that has moved. */
  private boolean goesOn(Page page) {
    if (!page.life().equals(life)) {
      boolean first = life == null;
      life = page.life();
      if (!first) {
        log.warn("the log is another one; the image is built again");
        caughtUp = false;
        image.clear();
        doubts.clear();
        size.clear();
        moveBackTo(LogPosition.START);
        return false;
      }
    }
    if (!stands) {
      if (page.isCut() && !doubts.any()) {
        log.warn("the log no longer holds its first entries; what they said is not known");
        doubts.loseBeginning();
      }
      return true;
    }
    LogPosition held = page.before();
    if (held == null) {
      log.warn("the log was trimmed past {}; what it said meanwhile is not known", position);
      doubts.loseBeginning();
      moveBackTo(LogPosition.START);
      return false;
    }
    if (!held.equals(position.get())) {
      log.warn("the log lost what it held after {}; the image was at {}", held, position);
      doubts.loseEnd(held);
      moveBackTo(new LogPosition(Math.max(0, held.ms() - READ_AGAIN_MS), 0));
      return false;
    }
    return true;
  }

  private void take(List<Recorded> page) {
    Skipped skipped = new Skipped();
    for (Recorded recorded : page) {
      try {
        take(recorded.batch(), recorded.position(), skipped);
      } catch (RuntimeException e) {
        skipped.add(recorded.position(), e);
      }
    }
    counter(Outcome.SKIPPED).addAndGet(skipped.count());
    skipped.report();
  }

  private void take(LogBatch batch, LogPosition at, Skipped skipped) {
    NodeProgress before = image.progress(batch.cluster(), batch.node(), batch.domain());
    for (LogEntry entry : batch.entries()) {
      try {
        counter(Outcome.valueOf(image.apply(entry).name())).incrementAndGet();
      } catch (RuntimeException e) {
        skipped.add(at, e);
      }
    }
    doubts.hear(batch, before, at);
  }

  private AtomicLong counter(Outcome outcome) {
    return Objects.requireNonNull(outcomes.get(outcome));
  }

  private void moveBackTo(LogPosition before) {
    stands = false;
    position.moveTo(before);
  }

  private void sweep() {
    long now = clock.millis();
    if (now - sweptAtMs >= BETWEEN_SWEEPS.toMillis()) {
      sweptAtMs = now;
      image.dropExpired();
    }
    LogPosition first = size.trimTo(maxBytes);
    if (first != null) {
      events.trim(first);
    }
  }
}
