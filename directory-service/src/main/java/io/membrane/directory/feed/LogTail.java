package io.membrane.directory.feed;

import io.membrane.directory.location.Image;
import io.membrane.directory.location.Source;
import io.membrane.directory.snapshot.Snapshots;
import io.membrane.directory.snapshot.Standing;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.LogPosition;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the image as the log says: starts from a snapshot or else from the log's first entry, then
 * reads what follows and what is appended. Its one thread is the image's only writer.
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
 * doubtful. {@link #relist} ends the doubt about the shared store, which numbers nothing.
 *
 * <p>An entry that cannot be understood is counted, logged and skipped. While Redis is gone the
 * image stays as it is, and {@link #isCaughtUp} says that it may be old. What others tell of the
 * image, {@link #change} has done by the same thread.
 */
public final class LogTail implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(LogTail.class);

  private static final Duration PATIENCE = Duration.ofMillis(500);
  private static final Duration BETWEEN_ATTEMPTS = Duration.ofMillis(200);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(5);

  /** What became of the log's events, for metrics. */
  public enum Outcome {
    APPLIED,
    SEEN,
    OUTDATED,
    SKIPPED
  }

  private final EventLog events;
  private final Image image;
  private final Snapshots snapshots;
  private final long maxBytes;
  private final Clock clock;
  private final Doubts doubts = new Doubts();
  private final PageIngest ingest;
  private final ImageProgress progress;
  private final RecordSweep sweep;
  private final Changing changing = new Changing();
  private volatile boolean stopping;
  private volatile long lagMs;
  private @Nullable Thread thread;

  /**
   * A tail that does not run yet.
   *
   * @param notes is told what callers said of blocks
   * @param maxBytes the log is cut to about so many bytes, the oldest entries going first
   */
  public LogTail(
      EventLog events,
      Image image,
      NoteReader notes,
      Snapshots snapshots,
      long maxBytes,
      Clock clock) {
    this.events = events;
    this.image = image;
    this.snapshots = snapshots;
    this.maxBytes = maxBytes;
    this.clock = clock;
    this.ingest = new PageIngest(image, notes, doubts);
    this.progress = new ImageProgress(image, doubts);
    this.sweep = new RecordSweep(image, clock);
  }

  /** Begins to read. */
  public synchronized void start() {
    stopping = false;
    changing.begin();
    sweep.begin();
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
    changing.end();
  }

  /** Whether the reader runs. */
  public synchronized boolean isRunning() {
    return thread != null;
  }

  /** Whether the image holds all that the log held when it was last asked, and it answers. */
  public boolean isCaughtUp() {
    return progress.isCaughtUp();
  }

  /** Position of the last entry that the image holds. */
  public LogPosition position() {
    return progress.position().get();
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

  /** Whether events of a node that numbers them were lost, so that it has to begin a new epoch. */
  public boolean doubts(String cluster, String node, String domain) {
    return doubts.areAbout(new Source(cluster, node, domain));
  }

  /** Whether entries were lost of sources that do not number theirs: of the shared store. */
  public boolean lostEntries() {
    return doubts.entriesLost();
  }

  /**
   * Begins to take in anew what the shared store holds, which ends the doubt about it; what was
   * begun before is dropped.
   *
   * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} while the image does not
   *     hold all of its log
   */
  public Relisting relist() throws InterruptedException {
    return change(i -> new Relisting(events, this, doubts, progress.cursor(), i.list()));
  }

  /** How often the shared store was taken in anew. */
  long relisted() {
    return doubts.listings();
  }

  /** Where the image was when that was done last; the log's beginning if it never was. */
  LogPosition relistedAt() {
    return doubts.listedAt();
  }

  /** Events read so far by what became of them; an entry that cannot be read is one. */
  public long count(Outcome outcome) {
    return ingest.count(outcome);
  }

  /**
   * Waits until the image holds an entry.
   *
   * @return whether it does; false once {@code limit} is over
   */
  public boolean await(LogPosition wanted, Duration limit) {
    return progress.position().await(wanted, limit);
  }

  /**
   * Waits until the image holds an entry after a position.
   *
   * @return whether it does; false once {@code limit} is over
   */
  boolean awaitAfter(LogPosition before, Duration limit) {
    return progress.position().await(new LogPosition(before.ms(), before.seq() + 1), limit);
  }

  /**
   * Has the image's one writer do something to it between two pages of the log, and waits for it.
   * May block for as long as Redis takes to answer or to time out.
   *
   * @return what {@code change} returns
   * @throws RuntimeException as {@code change} does
   * @throws io.membrane.rpc.MembraneException if the writer has ended
   * @throws InterruptedException it may be done yet
   */
  public <T> T change(Function<Image, T> change) throws InterruptedException {
    return changing.ask(image, change);
  }

  /**
   * What the image holds of its log at this moment.
   *
   * @throws io.membrane.rpc.MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} while that
   *     is not all
   */
  Moment moment() throws InterruptedException {
    return change(i -> new Moment(progress.cursor(), i.localProgress()));
  }

  private void run() {
    boolean reported = false;
    while (!stopping) {
      try (EventLog.Reader reader = events.open()) {
        reported = false;
        follow(reader);
      } catch (RuntimeException e) {
        progress.loseTouch();
        if (!stopping && !reported) {
          reported = true;
          log.warn("the log cannot be read; the image stays at {}", progress.position(), e);
        }
        changing.doAll();
        LockSupport.parkNanos(BETWEEN_ATTEMPTS.toNanos());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    progress.loseTouch();
  }

  private void follow(EventLog.Reader reader) throws InterruptedException {
    if (!progress.hasBegun()) {
      begin(reader);
    }
    while (!stopping) {
      if (progress.isCaughtUp()) {
        LogPosition from = progress.position().get();
        changing.doAllDuring(() -> reader.awaitAfter(from, PATIENCE));
      } else {
        changing.doAll();
      }
      Page page = reader.after(progress.position().get());
      long readAtNanos = System.nanoTime();
      if (!progress.goesOn(page)) {
        continue;
      }
      ingest.take(page.entries());
      lagMs = page.ageMs(Duration.ofNanos(System.nanoTime() - readAtNanos));
      long bytes = progress.take(page);
      sweep.run();
      snapshots.tick(page.entries().size(), bytes, () -> progress.standing(clock.millis()), image);
      LogPosition first = progress.trimTo(maxBytes);
      if (first != null) {
        events.trim(first);
      }
    }
  }

  /** Starts from a snapshot of this log, if there is one. */
  private void begin(EventLog.Reader reader) {
    String found = reader.after(LogPosition.START).life();
    Standing standing = snapshots.load(found, at -> at.equals(reader.after(at).before()), image);
    if (standing != null) {
      readNotes(reader, found, standing.position());
    }
    progress.begin(found, standing);
  }

  /** What callers said is in no snapshot; of what the log still holds, it is read again. */
  private void readNotes(EventLog.Reader reader, String ofLife, LogPosition last) {
    LogPosition at = LogPosition.START;
    while (!stopping && at.compareTo(last) < 0) {
      Page page = reader.after(at);
      List<Recorded> due =
          page.entries().stream().filter(e -> e.position().compareTo(last) <= 0).toList();
      if (due.isEmpty() || !page.life().equals(ofLife)) {
        return;
      }
      ingest.takeNotes(due);
      at = due.getLast().position();
    }
  }
}
