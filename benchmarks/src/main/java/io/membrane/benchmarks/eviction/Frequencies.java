package io.membrane.benchmarks.eviction;

/** TinyLFU's frequencies without the sketch's error: up to 15, halved now and then. */
final class Frequencies {

  private static final int MOST = 15;

  private final int[] counts;
  private final long sample;
  private long seen;

  /**
   * All zero.
   *
   * @param sample sightings after which all are halved
   */
  Frequencies(Load load, long sample) {
    this.counts = new int[load.end()];
    this.sample = Math.max(1_000, sample);
  }

  void see(int block) {
    counts[block] = Math.min(MOST, counts[block] + 1);
    if (++seen >= sample) {
      seen /= 2;
      for (int i = 0; i < counts.length; i++) {
        counts[i] /= 2;
      }
    }
  }

  int of(int block) {
    return counts[block];
  }
}
