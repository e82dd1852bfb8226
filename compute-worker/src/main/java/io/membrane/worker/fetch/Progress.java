package io.membrane.worker.fetch;

/** How fast blocks arrive. Its time stands still while it is paused. Not thread-safe. */
final class Progress {

  /** With fewer, all that is known is how long it has taken so far. */
  private static final int ENOUGH = 4;

  private final long startNanos = System.nanoTime();
  private long pausedNanos;
  private long pauseNanos;
  private boolean paused;
  private int arrived;
  private long firstNanos;
  private long endNanos;
  private boolean ended;

  void paused(boolean isPaused) {
    long now = System.nanoTime();
    if (paused && !isPaused) {
      pausedNanos += now - pauseNanos;
    } else if (!paused && isPaused) {
      pauseNanos = now;
    }
    paused = isPaused;
  }

  void arrived() {
    firstNanos = arrived == 0 ? tookNanos() : firstNanos;
    arrived++;
  }

  void ended() {
    endNanos = tookNanos();
    ended = true;
  }

  /** From the start to the end, or to now. */
  long tookNanos() {
    if (ended) {
      return endNanos;
    }
    return (paused ? pauseNanos : System.nanoTime()) - startNanos - pausedNanos;
  }

  /** Time for {@code left} more, as the time since the first one foretells it. */
  double expectedNanos(int left) {
    if (left == 0) {
      return 0;
    }
    if (arrived < ENOUGH) {
      return tookNanos();
    }
    return (double) (tookNanos() - firstNanos) * left / (arrived - 1);
  }
}
