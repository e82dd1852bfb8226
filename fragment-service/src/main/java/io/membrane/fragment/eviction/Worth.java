package io.membrane.fragment.eviction;

import java.util.List;

/**
 * What a use is worth, given how often the key was seen: its frequency; for one that was seen for
 * the first time the worth that does best at present. Where the tier holds much of what is asked
 * for, that is 1 (recency rules); where it holds little, nearly nothing (nobody comes back before
 * he would have been driven out). Which it is depends on the load, so it is tried: one key in
 * {@value #SAMPLE} also goes to two {@link Trial}s with a share of the capacity each, and the one
 * that has saved more lately decides. (Simulating alternatives on a hashed sample: C. Waldspurger,
 * T. Saemundsson, I. Ahmad and N. Park, "Cache modeling and optimization using miniature
 * simulations", 2017.)
 */
final class Worth<K> {

  static final int SAMPLE = 8;

  static final double GENEROUS = 1;
  static final double STRICT = 0.05;

  /** By how much the other has to be better before the choice changes. */
  static final double MARGIN = 1.1;

  /** Sampled uses after which what was saved counts half. */
  private final long halfLife;

  private final List<Trial<K>> trials;
  private final int seed;
  private Trial<K> best;
  private long uses;

  Worth(long capacity, long entries, int seed) {
    this.trials =
        List.of(new Trial<>(GENEROUS, capacity / SAMPLE), new Trial<>(STRICT, capacity / SAMPLE));
    this.best = trials.getFirst();
    this.halfLife = halfLife(entries);
    this.seed = seed;
  }

  static long halfLife(long entries) {
    return Math.max(1024, 4 * entries / SAMPLE);
  }

  static double of(int frequency, double newcomer) {
    return frequency <= 1 ? newcomer : frequency;
  }

  /** Whether a key goes to the trials. */
  boolean sampled(K key) {
    return (((key.hashCode() ^ seed) * 0x9E3779B9) >>> 16) % SAMPLE == 0;
  }

  /** What this use is worth. */
  double use(K key, long bytes, double density, int frequency) {
    if (sampled(key)) {
      for (Trial<K> trial : trials) {
        trial.use(key, bytes, density, frequency);
        if (trial.saved() > best.saved() * MARGIN) {
          best = trial;
        }
      }
      if (++uses % halfLife == 0) {
        trials.forEach(trial -> trial.fade(0.5));
      }
    }
    return of(frequency, best.newcomerWorth());
  }

  /** Keys that are remembered for trials alone. */
  int tried() {
    return trials.stream().mapToInt(Trial::size).sum();
  }
}
