package io.membrane.directory.region;

import io.membrane.directory.feed.FeedLine;
import io.membrane.directory.feed.LogTail;
import io.membrane.directory.location.Image;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one region's lines into the image, and knows how far they go. Lines are for one thread;
 * what is counted may be read by all.
 */
final class RegionIntake {

  private static final Logger log = LoggerFactory.getLogger(RegionIntake.class);

  private final String region;
  private final LogTail tail;
  private final AtomicLong resets = new AtomicLong();
  private final AtomicLong taken = new AtomicLong();
  private final AtomicLong skipped = new AtomicLong();
  private volatile @Nullable String cursor;
  private volatile long toldLagMs;
  private volatile boolean isApplying;

  RegionIntake(String region, LogTail tail) {
    this.region = region;
    this.tail = tail;
  }

  /**
   * Takes lines in, and waits until that is done.
   *
   * @param isWanted whether they still are when their turn comes
   */
  void apply(List<FeedLine> lines, BooleanSupplier isWanted) throws InterruptedException {
    isApplying = true;
    try {
      boolean _ =
          tail.change(image -> {
            if (isWanted.getAsBoolean()) {
              lines.forEach(line -> take(image, line));
            }
            return true;
          });
    } finally {
      isApplying = false;
    }
  }

  /** Ends all that is known of the region, and waits until that is done. */
  void endAll() throws InterruptedException {
    boolean _ =
        tail.change(image -> {
          cursor = null;
          image.beginAgain(region);
          image.complete(region);
          return true;
        });
  }

  /** The last cursor that came; null if all is to be told. */
  @Nullable String cursor() {
    return cursor;
  }

  /** All is to be told. */
  void forgetCursor() {
    cursor = null;
  }

  boolean isApplying() {
    return isApplying;
  }

  long toldLagMs() {
    return toldLagMs;
  }

  long resets() {
    return resets.get();
  }

  long taken() {
    return taken.get();
  }

  long skipped() {
    return skipped.get();
  }

  private void take(Image image, FeedLine line) {
    try {
      switch (line.type()) {
        case STORED, REMOVED, CLEARED -> image.apply(region, line.entry());
        case SOURCE -> image.adopt(line.source(region), line.progress());
        case RESET -> {
          cursor = null;
          image.beginAgain(region);
          resets.incrementAndGet();
        }
        case COMPLETE -> image.complete(region);
        case AT -> toldLagMs = line.lagMs() == null ? 0 : line.lagMs();
        case null -> throw new IllegalArgumentException("a line of the feed needs its type");
      }
      taken.incrementAndGet();
    } catch (RuntimeException e) {
      skip(e);
    }
    if (line.cursor() != null) {
      cursor = line.cursor();
    }
  }

  /** Counts a line that cannot be taken in. */
  void skip(RuntimeException e) {
    if (skipped.getAndIncrement() == 0) {
      log.warn(
          "the feed of region {} has a line that cannot be taken in; others are counted",
          region,
          e);
    }
  }
}
