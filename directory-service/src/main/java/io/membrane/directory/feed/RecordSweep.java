package io.membrane.directory.feed;

import io.membrane.directory.location.Image;
import java.time.Clock;
import java.time.Duration;

/**
 * Looks at the image's records a part at a time, so that a round over all of them takes about a
 * minute. For the image's writer.
 */
final class RecordSweep {

  private static final Duration ROUND = Duration.ofMinutes(1);

  /** Records at a time at most: about a millisecond. */
  private static final int MAX_SLICE = 1 << 17;

  private final Image image;
  private final Clock clock;
  private long sweptAtMs;

  RecordSweep(Image image, Clock clock) {
    this.image = image;
    this.clock = clock;
  }

  /** Time counts from now on. */
  void begin() {
    sweptAtMs = clock.millis();
  }

  /** Looks at as many as are due since the last time. */
  void run() {
    long now = clock.millis();
    long records = (long) image.blocks() + image.goneBlocks();
    long due = records * Math.max(0, now - sweptAtMs) / ROUND.toMillis();
    if (due > 0 || records == 0) {
      sweptAtMs = now;
      image.sweep((int) Math.min(due, MAX_SLICE));
    }
  }
}
