package io.membrane.directory.region;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Pauses between attempts: they double, and half of each is by chance, so that the replicas of a
 * region do not come all at once.
 */
public final class Backoff {

  private static final long FIRST_MS = 200;
  private static final long LONGEST_MS = 10_000;
  private static final int MOST_DOUBLINGS = 10;

  private final RandomGenerator random;

  public Backoff(RandomGenerator random) {
    this.random = random;
  }

  /** Pause after so many attempts in a row that brought nothing. */
  public Duration after(int failures) {
    int doublings = Math.clamp(failures - 1L, 0, MOST_DOUBLINGS);
    long longest = Math.min(LONGEST_MS, FIRST_MS << doublings);
    return Duration.ofMillis(longest / 2 + random.nextLong(longest / 2));
  }
}
