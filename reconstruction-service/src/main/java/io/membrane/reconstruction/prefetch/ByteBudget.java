package io.membrane.reconstruction.prefetch;

import java.time.InstantSource;

/** Bytes per second that may be used, saved up for one second at most. Thread-safe. */
final class ByteBudget {

  private final long bytesPerSecond;
  private final InstantSource clock;
  private double free;
  private long lastMs;

  ByteBudget(long bytesPerSecond, InstantSource clock) {
    this.bytesPerSecond = bytesPerSecond;
    this.clock = clock;
    this.free = (double) bytesPerSecond;
    this.lastMs = clock.millis();
  }

  /**
   * Takes what is free, in whole pieces.
   *
   * @param wanted most pieces
   * @param pieceBytes bytes of one, at least 1
   * @return how many it gave, possibly none
   */
  synchronized int take(int wanted, long pieceBytes) {
    long nowMs = clock.millis();
    double earned = (double) bytesPerSecond * Math.max(0, nowMs - lastMs) / 1000;
    free = Math.min((double) bytesPerSecond, free + earned);
    lastMs = nowMs;
    int pieces = (int) Math.min(wanted, (long) free / pieceBytes);
    free -= (double) pieces * pieceBytes;
    return pieces;
  }
}
