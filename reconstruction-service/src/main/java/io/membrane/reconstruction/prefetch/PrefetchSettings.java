package io.membrane.reconstruction.prefetch;

/**
 * What is fetched ahead.
 *
 * @param related most blocks that co-access names after the last one, 0 to 100
 * @param bytesPerSecond most bytes, on average and at once
 */
public record PrefetchSettings(When when, int related, long bytesPerSecond) {

  /** When a session's blocks are fetched ahead. */
  public enum When {
    NEVER,
    /** When a turn of it begins. */
    TURN,
    /** Then, and when one is expected. */
    EXPECTED
  }
}
