package io.membrane.reconstruction.session;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Learns after which pause sessions go on, and whether they do. Not thread-safe.
 *
 * <h2>Algorithm</h2>
 *
 * A session's <i>tempo</i> is the factor by which its own pauses differ from those of all, a
 * geometric mean held back by {@value #PRIOR} pauses that are just like all others. Pauses divided
 * by the tempo are counted in buckets of a quarter octave, apart for sessions of 1, 2, 3 and more
 * turns, beside how many turns there were: of those that have not gone on for a while, the share
 * that still will is what the buckets beyond hold, over the turns that did not go on before. Counts
 * are halved once there are {@value #MOST} turns, so that what was learnt lately counts more.
 */
public final class ReturnTimes {

  static final int CLASSES = 4;
  static final int BUCKETS_PER_OCTAVE = 4;

  /** Up to 2^18 seconds, three days. */
  static final int BUCKETS = 18 * BUCKETS_PER_OCTAVE;

  /** Fewer returns than this foretell nothing. */
  static final int LEAST = 20;

  private static final int MOST = 8192;
  private static final int PRIOR = 2;
  private static final double SHORTEST_MS = 1000;

  private final double[][] returns = new double[CLASSES][BUCKETS];
  private final double[] returned = new double[CLASSES];
  private final double[] turns = new double[CLASSES];
  private double pauses;
  private double logPauses;

  /**
   * A session took a turn.
   *
   * @param before what was known of it before; null if nothing
   */
  void learn(@Nullable Session before, Turn turn) {
    if (before != null) {
      double pause = Math.max(SHORTEST_MS, (double) (turn.atMs() - before.last().atMs()));
      int count = classOf(before.turnCount());
      returns[count][bucket(pause / tempo(before))]++;
      returned[count]++;
      pauses++;
      logPauses += Math.log(pause);
    }
    int count = classOf(before == null ? 1 : before.turnCount() + 1);
    turns[count]++;
    if (turns[count] >= MOST) {
      halve(count);
    }
  }

  /**
   * What is expected of a session.
   *
   * @return null if too little is known
   */
  @Nullable Forecast forecast(Session session, long nowMs) {
    int count = classOf(session.turnCount());
    while (count > 0 && returned[count] < LEAST) {
      count--;
    }
    if (returned[count] < LEAST) {
      return null;
    }
    double tempo = tempo(session);
    long lastMs = session.last().atMs();
    double waited = Math.max(0, nowMs - lastMs) / tempo;
    double gone = below(count, waited);
    double left = returned[count] - gone;
    double probability = left <= 0 ? 0 : Math.min(1, left / Math.max(left, turns[count] - gone));
    return new Forecast(
        probability,
        lastMs + (long) (tempo * pauseAt(count, gone + 0.1 * left)),
        lastMs + (long) (tempo * pauseAt(count, gone + 0.5 * left)),
        lastMs + (long) (tempo * pauseAt(count, gone + 0.9 * left)));
  }

  /** By how much this session's pauses are longer than others'. */
  private double tempo(Session session) {
    if (pauses == 0) {
      return 1;
    }
    double mean = logPauses / pauses;
    double sum =
        session
            .pausesMs()
            .mapToDouble(p -> Math.log(Math.max(SHORTEST_MS, (double) p)) - mean)
            .sum();
    return Math.exp(sum / (session.turns().size() - 1 + PRIOR));
  }

  /** Returns after pauses shorter than this; within a bucket they are spread evenly. */
  private double below(int count, double pauseMs) {
    int bucket = bucket(pauseMs);
    double sum = 0;
    for (int i = 0; i < bucket; i++) {
      sum += returns[count][i];
    }
    double share = (pauseMs - start(bucket)) / (start(bucket + 1) - start(bucket));
    return sum + returns[count][bucket] * Math.clamp(share, 0, 1);
  }

  /** The pause before which there were so many returns. */
  private double pauseAt(int count, double wanted) {
    double sum = 0;
    for (int i = 0; i < BUCKETS; i++) {
      double here = returns[count][i];
      if (here > 0 && sum + here >= wanted) {
        double share = Math.clamp((wanted - sum) / here, 0, 1);
        return start(i) + share * (start(i + 1) - start(i));
      }
      sum += here;
    }
    return start(BUCKETS);
  }

  private void halve(int count) {
    turns[count] /= 2;
    returned[count] /= 2;
    Arrays.setAll(returns[count], i -> returns[count][i] / 2);
    pauses /= 2;
    logPauses /= 2;
  }

  private static int classOf(int turnCount) {
    return Math.min(turnCount, CLASSES) - 1;
  }

  static int bucket(double pauseMs) {
    if (pauseMs <= SHORTEST_MS) {
      return 0;
    }
    double octaves = Math.log(pauseMs / SHORTEST_MS) / Math.log(2);
    return Math.min(BUCKETS - 1, (int) (BUCKETS_PER_OCTAVE * octaves));
  }

  /** Where a bucket begins, ms; the first one at 0. */
  static double start(int bucket) {
    return bucket == 0 ? 0 : SHORTEST_MS * Math.pow(2, (double) bucket / BUCKETS_PER_OCTAVE);
  }
}
