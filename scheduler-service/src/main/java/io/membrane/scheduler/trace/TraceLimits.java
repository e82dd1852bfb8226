package io.membrane.scheduler.trace;

/**
 * How large a trace may be.
 *
 * @param bytes of all lines
 * @param lineBytes of one line
 * @param requests lines that are not blank
 * @param blockReferences ids of all requests
 */
record TraceLimits(long bytes, int lineBytes, int requests, int blockReferences) {

  /** 64 MiB, 1 MiB a line, a million requests, 2²³ blocks. */
  static final TraceLimits DEFAULT = new TraceLimits(64L << 20, 1 << 20, 1_000_000, 1 << 23);
}
