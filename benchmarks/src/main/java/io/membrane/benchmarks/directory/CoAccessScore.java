package io.membrane.benchmarks.directory;

import io.membrane.benchmarks.directory.ChildPredictor.CoAccessed;
import io.membrane.benchmarks.directory.ChildPredictor.LastChild;
import io.membrane.benchmarks.directory.ChildPredictor.MostFrequentChild;
import io.membrane.scheduler.simulation.traffic.Trace;
import io.membrane.scheduler.trace.TraceReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/**
 * How well co-access says which blocks of a prompt come next: each request of a trace is predicted
 * from those before it, then learnt.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.directory.CoAccessScore \
 *   scheduler-service/src/test/resources/traces/conversation_trace.jsonl.gz
 * </pre>
 *
 * It is asked at every block that is known and is not the prompt's last. The truth are the prompt's
 * next k blocks, or as many as it has. Precision is the share of what was predicted that is true,
 * recall the share of the truth that was predicted, both over all questions together. Nobody can
 * recall more than what was used before: the ceiling. The second table is of the blocks that leave
 * a choice, without a prompt's first one, which is the same in all of the conversation trace.
 */
public final class CoAccessScore {

  private static final int[] KS = {1, 2, 4, 8, 16};
  private static final Duration HALF_LIFE = Duration.ofMinutes(30);
  private static final List<Duration> HALF_LIVES =
      List.of(Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofHours(5));
  private static final int MANY = 1_000_000;
  private static final List<Integer> FEW = List.of(100_000, 30_000, 10_000);
  private static final int TIMED = 7;

  private final int[][] prompts;
  private final Trace trace;

  /** Questions and answers, by index of k. */
  private static final class Counts {
    private final long[] predicted = new long[KS.length];
    private final long[] truths = new long[KS.length];
    private final long[] known = new long[KS.length];
    private final long[] right = new long[KS.length];
    private long questions;
  }

  private CoAccessScore(Trace trace) {
    this.trace = trace;
    this.prompts =
        IntStream.range(0, trace.requests())
            .mapToObj(
                r -> IntStream.range(0, trace.blocks(r)).map(i -> trace.block(r, i)).toArray())
            .toArray(int[][]::new);
  }

  /** Reads the trace that is named. */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      throw new IllegalArgumentException("name a trace (.jsonl or .jsonl.gz)");
    }
    CoAccessScore score = new CoAccessScore(read(Path.of(args[0])));
    score.table(false);
    score.table(true);
    score.cost();
  }

  private static Trace read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file);
        InputStream plain = file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in) {
      return TraceReader.read(plain);
    }
  }

  private void table(boolean branchesOnly) {
    Counts last = play(new LastChild(trace), branchesOnly);
    System.out.printf(
        Locale.ROOT,
        "%nPrecision / recall, %% of %,d questions%s%n%n| |",
        last.questions,
        branchesOnly ? " at blocks but the first with several known children" : "");
    IntStream.of(KS).forEach(k -> System.out.printf(" k = %d |", k));
    System.out.print("\n|---|" + "---|".repeat(KS.length) + "\n");
    row("last child", last);
    row("most frequent child", play(new MostFrequentChild(trace), branchesOnly));
    row("**co-access**", play(new CoAccessed(trace, MANY, HALF_LIFE), branchesOnly));
    for (int edges : FEW) {
      row(
          "%,d edges".formatted(edges),
          play(new CoAccessed(trace, edges, HALF_LIFE), branchesOnly));
    }
    for (Duration halfLife : HALF_LIVES) {
      row(
          "half-life of %d s".formatted(halfLife.toSeconds()),
          play(new CoAccessed(trace, MANY, halfLife), branchesOnly));
    }
    System.out.print("| ceiling |");
    for (int i = 0; i < KS.length; i++) {
      System.out.printf(Locale.ROOT, " – / %.1f |", 100.0 * last.known[i] / last.truths[i]);
    }
    System.out.println();
  }

  private static void row(String label, Counts counts) {
    System.out.print("| " + label + " |");
    for (int i = 0; i < KS.length; i++) {
      System.out.printf(
          Locale.ROOT,
          " %.1f / %.1f |",
          100.0 * counts.right[i] / counts.predicted[i],
          100.0 * counts.right[i] / counts.truths[i]);
    }
    System.out.println();
  }

  private Counts play(ChildPredictor predictor, boolean branchesOnly) {
    Counts counts = new Counts();
    BitSet known = new BitSet();
    int[] children = new int[trace.distinctBlocks()];
    for (int p = 0; p < prompts.length; p++) {
      int[] prompt = prompts[p];
      for (int i = 0; i + 1 < prompt.length && known.get(prompt[i]); i++) {
        if (!branchesOnly || (i > 0 && children[prompt[i]] > 1)) {
          ask(predictor, prompt, i, known, counts);
        }
      }
      for (int i = 0; i < prompt.length; i++) {
        if (!known.get(prompt[i])) {
          known.set(prompt[i]);
          if (i > 0) {
            children[prompt[i - 1]]++;
          }
        }
      }
      predictor.learn(prompt, (long) (1000 * trace.seconds(p)));
    }
    return counts;
  }

  private static void ask(
      ChildPredictor predictor, int[] prompt, int at, BitSet known, Counts counts) {
    counts.questions++;
    List<Integer> answer = predictor.predict(prompt[at], KS[KS.length - 1]);
    for (int i = 0; i < KS.length; i++) {
      int end = Math.min(prompt.length, at + 1 + KS[i]);
      int asked = Math.min(KS[i], answer.size());
      counts.predicted[i] += asked;
      counts.truths[i] += end - at - 1;
      List<Integer> first = answer.subList(0, asked);
      for (int j = at + 1; j < end; j++) {
        counts.known[i] += known.get(prompt[j]) ? 1 : 0;
        counts.right[i] += first.contains(prompt[j]) ? 1 : 0;
      }
    }
  }

  private void cost() {
    double fastestLearn = Double.MAX_VALUE;
    double fastestAsk = Double.MAX_VALUE;
    CoAccessed predictor = new CoAccessed(trace, MANY, HALF_LIFE);
    for (int round = 0; round < TIMED; round++) {
      predictor = new CoAccessed(trace, MANY, HALF_LIFE);
      long start = System.nanoTime();
      for (int p = 0; p < prompts.length; p++) {
        predictor.learn(prompts[p], (long) (1000 * trace.seconds(p)));
      }
      long learnt = System.nanoTime();
      long found = 0;
      for (int block = 0; block < trace.distinctBlocks(); block++) {
        found += predictor.predict(block, 16).size();
      }
      long asked = System.nanoTime();
      if (found == 0) {
        throw new IllegalStateException("nothing was learnt");
      }
      fastestLearn = Math.min(fastestLearn, (double) (learnt - start) / trace.blockReferences());
      fastestAsk = Math.min(fastestAsk, (double) (asked - learnt) / trace.distinctBlocks());
    }
    System.out.printf(
        Locale.ROOT,
        "%n%,d edges, %,d blocks; %.0f ns to learn a block, %.0f ns to ask for 16 (best of %d)%n",
        predictor.graph().edges(),
        predictor.graph().blocks(),
        fastestLearn,
        fastestAsk,
        TIMED);
  }
}
