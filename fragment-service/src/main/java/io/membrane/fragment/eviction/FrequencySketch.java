package io.membrane.fragment.eviction;

/**
 * How often a key was seen lately, held or not: a count-min sketch of 4-bit counters (G. Cormode
 * and S. Muthukrishnan, 2005) with conservative update (C. Estan and G. Varghese, 2002), halved
 * after every {@value #SAMPLE} sightings for each expected entry, as in TinyLFU (G. Einziger, R.
 * Friedman and B. Manes, "TinyLFU: a highly efficient cache admission policy", 2017). Never says
 * less than what was counted since, less what halving took; may say more. 32 to 64 bytes for each
 * expected entry, fixed. O(1), but for the halving, which is O(1) amortised.
 */
final class FrequencySketch {

  static final int MOST = 15;

  /** Twice TinyLFU's: reuse of a prompt comes late (docs/internals/eviction.md). */
  static final int SAMPLE = 20;

  /**
   * For each expected entry, whose number is rounded up to a power of two: 64 counters, as most
   * keys that are seen are never held, and each has a counter in every row.
   */
  private static final int WORDS = 4;

  private static final int ROWS = 4;
  private static final int MAX_ENTRIES = 1 << 24;
  private static final long HALVED = 0x7777777777777777L;

  private final long[] words;
  private final int mask;
  private final long sample;
  private final int seed;
  private long seen;

  /**
   * An empty sketch.
   *
   * @param entries how many are held at a time, about
   */
  FrequencySketch(long entries, int seed) {
    int n = Math.clamp(entries, 64, MAX_ENTRIES);
    this.words = new long[Integer.highestOneBit(2 * n - 1) * WORDS];
    this.mask = words.length - 1;
    this.sample = (long) SAMPLE * n;
    this.seed = seed;
  }

  /** Times that a key was seen, in [0, {@value #MOST}]. */
  int frequency(Object key) {
    long hash = hash(key);
    int least = MOST;
    for (int row = 0; row < ROWS; row++) {
      least = Math.min(least, (int) (words[word(hash, row)] >>> shift(hash, row)) & 0xF);
    }
    return least;
  }

  /** Counts a sighting and says how many there are now, in [1, {@value #MOST}]. */
  int see(Object key) {
    long hash = hash(key);
    int now = Math.min(MOST, frequency(key) + 1);
    for (int row = 0; row < ROWS; row++) {
      int word = word(hash, row);
      int shift = shift(hash, row);
      if (((words[word] >>> shift) & 0xF) < now) {
        words[word] += 1L << shift;
      }
    }
    if (++seen >= sample) {
      seen /= 2;
      for (int i = 0; i < words.length; i++) {
        words[i] = (words[i] >>> 1) & HALVED;
      }
    }
    return now;
  }

  /** Bytes of the table. */
  long tableBytes() {
    return (long) words.length * Long.BYTES;
  }

  /** The finaliser of MurmurHash3 with a seed. */
  private long hash(Object key) {
    long h = key.hashCode() * 0x9E3779B97F4A7C15L + seed;
    h = (h ^ (h >>> 33)) * 0xFF51AFD7ED558CCDL;
    h = (h ^ (h >>> 33)) * 0xC4CEB9FE1A85EC53L;
    return h ^ (h >>> 33);
  }

  private int word(long hash, int row) {
    return (int) ((hash >>> 4) + row * (hash >>> 32 | 1)) & mask;
  }

  /** Each row has four of a word's sixteen counters. */
  private static int shift(long hash, int row) {
    return (row << 4) | ((int) (hash >>> (60 - 2 * row)) & 3) << 2;
  }
}
