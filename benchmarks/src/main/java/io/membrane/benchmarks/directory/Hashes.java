package io.membrane.benchmarks.directory;

import io.membrane.block.BlockHash;

/** Block hashes by number, the same ones each time. */
final class Hashes {

  private Hashes() {}

  static BlockHash of(long block) {
    long seed = 4L * block;
    return new BlockHash(mix(seed), mix(seed + 1), mix(seed + 2), mix(seed + 3));
  }

  /** SplitMix64 (Steele, Lea, Flood, 2014). */
  static long mix(long n) {
    long z = (n + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
