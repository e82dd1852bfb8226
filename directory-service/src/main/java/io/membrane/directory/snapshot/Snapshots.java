package io.membrane.directory.snapshot;

import static java.util.Comparator.comparing;

import io.membrane.directory.location.BlockEncoder;
import io.membrane.directory.location.Image;
import io.membrane.leadership.Leadership;
import io.membrane.wire.LogPosition;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the image to files from time to time, and reads it again at a start. A snapshot is written
 * by a thread of its own while the image changes: it may hold what later entries of the log say,
 * and since these replace what earlier ones said, reading them once more makes it right.
 *
 * <p>{@link #load} and {@link #tick} are for the image's writer, the figures for any thread.
 */
public final class Snapshots implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Snapshots.class);

  /** After so many entries of the log one is written before its time. */
  private static final int MAX_ENTRIES = 200_000;

  private static final Duration STOP_LIMIT = Duration.ofSeconds(5);

  private final Path parent;
  private final Duration every;
  private final long maxLogBytes;
  private final Clock clock;
  private final Leadership writes;
  private long begunAtMs;
  private long entries;
  private long logBytes;
  private volatile @Nullable Thread thread;
  private volatile boolean stopping;
  private volatile double lastSeconds = Double.NaN;
  private volatile long lastBytes;
  private volatile long lastUnixMs;
  private final AtomicLong failures = new AtomicLong();

  /**
   * No snapshot is written or read yet.
   *
   * @param parent folder of the folders, one for each life of a log; it can be written
   * @param every how long one is good for while the log is not empty
   * @param maxLogBytes one is written after so many bytes of the log at the latest, so that the log
   *     still holds what comes after it
   */
  public Snapshots(Path parent, Duration every, long maxLogBytes, Clock clock) {
    this(parent, every, maxLogBytes, clock, Leadership.ALONE);
  }

  /**
   * The same in a folder of several directories.
   *
   * @param writes whether this one writes; a snapshot that has begun is ended
   */
  public Snapshots(Path parent, Duration every, long maxLogBytes, Clock clock, Leadership writes) {
    this.parent = parent;
    this.every = every;
    this.maxLogBytes = maxLogBytes;
    this.clock = clock;
    this.writes = writes;
    this.begunAtMs = clock.millis();
  }

  /**
   * Puts the newest snapshot that is whole in the image's place. One whose position the log still
   * holds goes before one whose position it lost.
   *
   * @return where the image stands now, or null if there is no such snapshot
   */
  public @Nullable Standing load(String life, Predicate<LogPosition> isHeld, Image image) {
    List<Path> files = candidates(life, isHeld);
    for (Path file : files) {
      long start = System.nanoTime();
      try {
        Standing standing = SnapshotFile.read(file, image.decoder());
        lastUnixMs = standing.unixMs();
        log.info(
            "{} blocks were read from {} in {} ms, up to {}",
            image.blocks(),
            file,
            (System.nanoTime() - start) / 1_000_000,
            standing.position());
        return standing;
      } catch (IOException e) {
        refused(file, reason(e));
      }
    }
    return null;
  }

  private List<Path> candidates(String life, Predicate<LogPosition> isHeld) {
    record Candidate(Path file, boolean isHeld) {}
    List<Candidate> candidates = new ArrayList<>();
    try {
      for (Path file : new SnapshotFolder(parent, life).newestFirst()) {
        try {
          Standing standing = SnapshotFile.readStanding(file);
          if (standing.life().equals(life)) {
            candidates.add(new Candidate(file, isHeld.test(standing.position())));
          } else {
            refused(file, "it is of another log");
          }
        } catch (IOException e) {
          refused(file, reason(e));
        }
      }
    } catch (IOException e) {
      log.warn("the snapshots below {} cannot be listed: {}", parent, e.toString());
    }
    candidates.sort(comparing(Candidate::isHeld).reversed());
    return candidates.stream().map(Candidate::file).toList();
  }

  private static void refused(Path file, String why) {
    log.warn("the snapshot {} is not used: {}", file, why);
  }

  private static String reason(IOException e) {
    if (e instanceof EOFException) {
      return "it ends too early";
    }
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  /**
   * Begins a snapshot if it is time for one, and none is being written.
   *
   * @param newEntries entries of the log that the image took in since the last call
   * @param newBytes their bytes
   */
  public void tick(int newEntries, long newBytes, Supplier<Standing> standing, Image image) {
    entries += newEntries;
    logBytes += newBytes;
    long now = clock.millis();
    boolean isDue =
        entries > 0
            && (entries >= MAX_ENTRIES
                || logBytes >= maxLogBytes
                || now - begunAtMs >= every.toMillis());
    Thread writing = thread;
    if (isDue && writes.leads() && !stopping && (writing == null || !writing.isAlive())) {
      entries = 0;
      logBytes = 0;
      begunAtMs = now;
      Standing at = standing.get();
      BlockEncoder blocks = image.encoder();
      thread = Thread.ofPlatform().name("snapshot").daemon().start(() -> write(at, blocks));
    }
  }

  private void write(Standing standing, BlockEncoder blocks) {
    long start = System.nanoTime();
    try {
      long bytes = new SnapshotFolder(parent, standing.life()).write(standing, blocks);
      double seconds = (System.nanoTime() - start) / 1e9;
      lastBytes = bytes;
      lastSeconds = seconds;
      lastUnixMs = standing.unixMs();
      log.debug("{} blocks were written in {} s", blocks.blocks(), seconds);
    } catch (IOException | RuntimeException e) {
      if (!stopping) {
        failures.incrementAndGet();
        log.warn("no snapshot could be written below {}; the one before stays", parent, e);
      }
    }
  }

  /** Seconds that the last one took to write; not a number before the first. */
  public double lastSeconds() {
    return lastSeconds;
  }

  /** Bytes of the last one that was written; 0 before the first. */
  public long lastBytes() {
    return lastBytes;
  }

  /** Seconds since the newest one, written or read, was begun; not a number if there is none. */
  public double ageSeconds() {
    return lastUnixMs == 0 ? Double.NaN : Math.max(0, clock.millis() - lastUnixMs) / 1e3;
  }

  /** Snapshots so far that could not be written. */
  public long failures() {
    return failures.get();
  }

  /** Gives up the one that is being written. */
  @Override
  public void close() {
    stopping = true;
    Thread writing = thread;
    if (writing != null) {
      writing.interrupt();
      try {
        var _ = writing.join(STOP_LIMIT);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
