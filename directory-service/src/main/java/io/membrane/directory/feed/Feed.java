package io.membrane.directory.feed;

import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.KnownBlock;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What changes in this region, told to whoever asks: the log, line by line. Of a log of another
 * life, of one that no longer holds the reader's entry, when the image was mended by what no entry
 * says, and to a reader that names none, it first tells all that the image holds of this region; so
 * nobody needs more of the log than what came meanwhile. What other regions hold is never told on.
 * Thread-safe.
 */
public final class Feed {

  /** Most readers at a time. */
  public static final int MAX_READERS = 64;

  private static final Duration BETWEEN_SIGNS = Duration.ofSeconds(1);
  private static final int BUFFER_BYTES = 64 << 10;

  private final EventLog events;
  private final LogTail tail;
  private final Image image;
  private final Semaphore free = new Semaphore(MAX_READERS);
  private volatile boolean stopping;

  /** A feed of {@code events}, which {@code tail} reads into {@code image}. */
  public Feed(EventLog events, LogTail tail, Image image) {
    this.events = events;
    this.tail = tail;
    this.image = image;
  }

  /** Begins to be read. */
  public void start() {
    stopping = false;
  }

  /** Ends all readers within seconds. */
  public void stop() {
    stopping = true;
  }

  public boolean isRunning() {
    return !stopping;
  }

  /** Readers at the moment. */
  public int readers() {
    return MAX_READERS - free.availablePermits();
  }

  /**
   * A reader, to be closed.
   *
   * @param after cursor of the last line that it knows, or null to be told everything
   * @param domain sharing domain of which it may be told, or null for all
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} for a cursor that is none; {@link
   *     ErrorCode#OVERLOADED} if there are {@value #MAX_READERS}; {@link
   *     ErrorCode#DEPENDENCY_UNAVAILABLE} while the log cannot be read or the image is not ready
   */
  public Reader open(@Nullable String after, @Nullable String domain) throws InterruptedException {
    FeedCursor cursor = after == null ? null : FeedCursor.parse(after);
    if (!free.tryAcquire()) {
      throw new MembraneException(
          ErrorCode.OVERLOADED, "the feed has " + MAX_READERS + " readers, its limit; try later");
    }
    try {
      long relisted = tail.relisted();
      return new Reader(goesOn(cursor) ? cursor : null, tail.moment(), relisted, domain);
    } catch (RuntimeException | InterruptedException e) {
      free.release();
      throw e;
    }
  }

  /** Whether the log says all that came after a cursor: nothing that it lacks was mended since. */
  private boolean goesOn(@Nullable FeedCursor cursor) {
    LogPosition mended = tail.relistedAt();
    return cursor != null
        && (mended.equals(LogPosition.START) || cursor.position().compareTo(mended) > 0)
        && cursor.isContinuedBy(events.after(cursor.position()));
  }

  /** One reader. For one thread. */
  public final class Reader implements AutoCloseable {

    private final @Nullable FeedCursor known;
    private final Moment first;
    private final long relistedBefore;
    private final @Nullable String domain;
    private final ChangeBatch batch = new ChangeBatch();

    private Reader(
        @Nullable FeedCursor known, Moment first, long relistedBefore, @Nullable String domain) {
      this.known = known;
      this.first = first;
      this.relistedBefore = relistedBefore;
      this.domain = domain;
    }

    /**
     * Tells until the feed stops or the reader is gone.
     *
     * @throws IOException if {@code to} cannot be written
     * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} if the log cannot be read
     */
    public void writeTo(OutputStream to) throws IOException, InterruptedException {
      OutputStream out = new BufferedOutputStream(to, BUFFER_BYTES);
      long relisted = relistedBefore;
      FeedCursor at = known == null ? reset(first, out) : known;
      long signedAt = System.nanoTime() - BETWEEN_SIGNS.toNanos();
      while (!stopping) {
        Page page = events.after(at.position());
        if (!at.isContinuedBy(page) || relisted != tail.relisted()) {
          relisted = tail.relisted();
          at = reset(tail.moment(), out);
          continue;
        }
        at = tell(page, at, out);
        long toNextSign = BETWEEN_SIGNS.toNanos() - (System.nanoTime() - signedAt);
        if (toNextSign <= 0) {
          long lagMs = page.isLast() ? 0 : Math.max(0, page.redisMs() - at.position().ms());
          write(FeedLine.at(at, lagMs), out);
          signedAt = System.nanoTime();
          toNextSign = BETWEEN_SIGNS.toNanos();
        }
        if (page.isLast()) {
          out.flush();
          var _ = tail.awaitAfter(at.position(), Duration.ofNanos(toNextSign));
        }
      }
      out.flush();
    }

    private FeedCursor tell(Page page, FeedCursor from, OutputStream out) throws IOException {
      FeedCursor at = from;
      for (Recorded recorded : page.entries()) {
        at = at.at(recorded.position());
        for (FeedLine line : lines(recorded, at)) {
          write(line, out);
        }
      }
      return at;
    }

    /** What is said of an entry: the last line of a batch alone can be gone on from. */
    private List<FeedLine> lines(Recorded recorded, FeedCursor at) {
      List<LogEntry> entries;
      try {
        entries = entries(recorded);
      } catch (RuntimeException e) {
        // Whoever reads the log skips it too, and the image's reader says so.
        return List.of();
      }
      if (domain != null && !entries.stream().allMatch(e -> domain.equals(e.domain()))) {
        return List.of();
      }
      return IntStream.range(0, entries.size())
          .mapToObj(
              i -> FeedLine.of(entries.get(i), i == entries.size() - 1 ? at.toString() : null))
          .toList();
    }

    private List<LogEntry> entries(Recorded recorded) {
      if (recorded.hasNotes()) {
        return List.of();
      }
      if (recorded.isBatch()) {
        BatchCodec.decode(recorded.value(), batch);
        return batch.entries();
      }
      return List.of(recorded.entry());
    }

    /**
     * Tells all that there is. The image goes on meanwhile, so some of it is newer than the moment;
     * what the log says from then on, told again, makes it the same.
     */
    private FeedCursor reset(Moment moment, OutputStream out) throws IOException {
      write(FeedLine.reset(), out);
      for (var source : moment.progress().entrySet()) {
        if (domain == null || domain.equals(source.getKey().domain())) {
          write(FeedLine.of(source.getKey(), source.getValue()), out);
        }
      }
      try {
        image.forEach(block -> tell(block, out));
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
      write(FeedLine.complete(moment.cursor()), out);
      return moment.cursor();
    }

    private void tell(KnownBlock block, OutputStream out) {
      try {
        if (stopping) {
          throw new IOException("the feed ends");
        }
        for (KnownBlock.Copy copy : block.copies()) {
          var source = copy.place().source();
          if (source.region() == null && (domain == null || domain.equals(source.domain()))) {
            write(FeedLine.of(block, copy), out);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void write(FeedLine line, OutputStream out) throws IOException {
      out.write(WireJson.mapper().writeValueAsBytes(line));
      out.write('\n');
    }

    @Override
    public void close() {
      free.release();
    }
  }
}
