package io.membrane.directory.feed;

import io.membrane.directory.location.Image;
import io.membrane.directory.snapshot.Standing;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.LogPosition;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far the image is in which log, and whether that log goes on from there; see {@link LogTail}
 * for what follows if it does not. One thread writes; any may ask whether it is caught up, and for
 * the position.
 */
final class ImageProgress {

  private static final Logger log = LoggerFactory.getLogger(ImageProgress.class);

  /**
   * So much is read again where a log lost its end: a new primary whose clock is behind gives ids
   * that are less than those that were lost.
   */
  private static final long READ_AGAIN_MS = 60_000;

  private final Image image;
  private final Doubts doubts;
  private final LogSize size = new LogSize();
  private final Reached position = new Reached();

  /** Whether the position is that of an entry that the log should hold. */
  private boolean stands;

  private @Nullable String life;
  private volatile boolean caughtUp;

  ImageProgress(Image image, Doubts doubts) {
    this.image = image;
    this.doubts = doubts;
  }

  /** Position of the last entry that the image holds. */
  Reached position() {
    return position;
  }

  /** Whether the image holds all that the log held when it was last asked, and it answers. */
  boolean isCaughtUp() {
    return caughtUp;
  }

  /** The log cannot be asked, or not any more. */
  void loseTouch() {
    caughtUp = false;
  }

  /** Whether it is known which log this is. */
  boolean hasBegun() {
    return life != null;
  }

  /** Begins with a log of this life, behind what a snapshot of it holds if there is one. */
  void begin(String ofLife, @Nullable Standing snapshot) {
    if (snapshot != null) {
      doubts.restore(snapshot);
      size.restore(snapshot.position(), snapshot.logBytes());
      moveTo(snapshot.position());
    }
    life = ofLife;
  }

  /**
   * The image has taken in a page that {@link #goesOn}; returns the bytes of the log that it is.
   */
  long take(Page page) {
    long bytes = size.add(page);
    if (!page.entries().isEmpty()) {
      moveTo(page.entries().getLast().position());
    }
    if (page.isLast() && !caughtUp) {
      caughtUp = true;
      log.info("the image holds {} blocks, up to {}", image.blocks(), position);
    }
    return bytes;
  }

  /** As {@link LogSize#trimTo}. */
  @Nullable LogPosition trimTo(long maxBytes) {
    return size.trimTo(maxBytes);
  }

  /**
   * The log's life and the position.
   *
   * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} while the image does not
   *     hold all of its log
   */
  FeedCursor cursor() {
    if (life == null || !caughtUp || !(stands || position.get().equals(LogPosition.START))) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE, "the directory still reads its log; try again");
    }
    return new FeedCursor(life, position.get());
  }

  /** What a snapshot that begins at {@code nowMs} has to know. */
  Standing standing(long nowMs) {
    return new Standing(
        Objects.requireNonNull(life),
        position.get(),
        nowMs,
        size.bytes(),
        doubts.entriesLost(),
        doubts.numbering(image.localProgress()));
  }

  /** Whether the page is what comes after the image's position; otherwise that has moved. */
  boolean goesOn(Page page) {
    if (!page.life().equals(life)) {
      log.warn("the log is another one; the image is built again");
      life = page.life();
      caughtUp = false;
      image.clear();
      doubts.clear();
      size.clear();
      moveBackTo(LogPosition.START);
      return false;
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

  private void moveTo(LogPosition last) {
    stands = true;
    position.moveTo(last);
  }

  private void moveBackTo(LogPosition before) {
    stands = false;
    position.moveTo(before);
  }
}
