package io.membrane.worker.fetch;

/**
 * How blocks are fetched.
 *
 * @param windowBytes most bytes of one prompt that are asked for or have arrived and are not yet in
 *     its cache; a single block goes whatever its size
 * @param blockBytes size of a block
 */
public record FetchOptions(long windowBytes, long blockBytes) {

  /** Requests of one prompt side by side. */
  static final int STREAMS = 4;

  private static final int MOST_BLOCKS = 128;
  private static final long LEAST_BYTES = 1 << 20;

  /** Blocks of one request where {@code wanted} are wanted in all. */
  int blocksPerRequest(int wanted) {
    long fitting = Math.clamp(windowBytes / STREAMS / blockBytes, 1, MOST_BLOCKS);
    long worthwhile = Math.max(Math.ceilDiv(wanted, STREAMS), LEAST_BYTES / blockBytes);
    return (int) Math.min(fitting, worthwhile);
  }
}
