package io.membrane.fragment.transfer;

import io.github.bucket4j.BlockingStrategy;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;

/**
 * So many bytes per second, for all that share it: a token bucket of a quarter of a second's bytes,
 * so that in any time t no more than rate · (t + 0.25 s) pass. Thread-safe.
 */
final class ByteRate {

  private static final Duration SECOND = Duration.ofSeconds(1);

  private final Bucket bucket;
  private final BlockingStrategy waiting;

  /**
   * @param bytesPerSecond at least {@link TransferOrder#LEAST_RATE}
   * @param meter tells the time
   * @param waiting lets it pass
   */
  ByteRate(long bytesPerSecond, TimeMeter meter, BlockingStrategy waiting) {
    this.bucket =
        Bucket.builder()
            .addLimit(
                limit -> limit.capacity(bytesPerSecond / 4).refillGreedy(bytesPerSecond, SECOND))
            .withCustomTimePrecision(meter)
            .build();
    this.waiting = waiting;
  }

  static ByteRate of(long bytesPerSecond) {
    return new ByteRate(bytesPerSecond, TimeMeter.SYSTEM_NANOTIME, BlockingStrategy.PARKING);
  }

  /** Waits until so many bytes may have passed. */
  void take(long bytes) throws InterruptedException {
    bucket.asBlocking().consume(bytes, waiting);
  }
}
