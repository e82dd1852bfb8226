package io.membrane.benchmarks.directory;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.directory.semantic.Near;
import io.membrane.directory.semantic.NearestChunks;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.zip.GZIPInputStream;

/**
 * What the semantic index finds in real text: documents before and after they were edited, embedded
 * by a worker. The chunks of the former are indexed, those of the latter are looked for.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.directory.SemanticScore . models/tiny-llama 16 \
 *   system-tests/src/test/resources/text/docs-before.txt.gz \
 *   system-tests/src/test/resources/text/docs-after.txt.gz
 * </pre>
 *
 * For comparison, what an embedding finds that knows words and nothing else: the mean of random
 * directions, one for each token of the vocabulary.
 *
 * <p>Recall is the share of the ten nearest by brute force that the index finds; equal similarities
 * count alike. A near-duplicate shares a run of {@value TextChunks#COMMON_RUN} tokens with the
 * chunk that is looked for, and is not the same.
 */
public final class SemanticScore {

  private static final Namespace NAMESPACE = new Namespace("text", "1", "f32", 16);
  private static final String DOMAIN = "public";
  private static final int TEN = 10;
  private static final int WORD_DIMENSIONS = 128;
  private static final double TIE = 1e-5;
  private static final double[] THRESHOLDS = {0.5, 0.6, 0.7, 0.8, 0.9, 0.95};

  private final TextChunks before;
  private final TextChunks after;

  private SemanticScore(TextChunks before, TextChunks after) {
    this.before = before;
    this.after = after;
  }

  /** Arguments: project root, model directory, tokens of a block, texts before and after. */
  public static void main(String[] args) throws IOException {
    if (args.length != 5) {
      throw new IllegalArgumentException(
          "usage: SemanticScore <project root> <model directory> <block tokens> <before> <after>");
    }
    int blockTokens = Integer.parseInt(args[2]);
    try (TextFleet fleet = new TextFleet(Path.of(args[0]), Path.of(args[1]), blockTokens)) {
      TextChunks before = read(fleet, Path.of(args[3]), blockTokens);
      TextChunks after = read(fleet, Path.of(args[4]), blockTokens);
      SemanticScore score = new SemanticScore(before, after);
      score.printSample();
      List<float[]> alone = fleet.alone(before.chunks());
      List<float[]> inContext = fleet.inContext(before.documents());
      List<float[]> askedAlone = fleet.alone(after.chunks());
      score.print("by itself", alone, askedAlone);
      score.print("in context", inContext, fleet.inContext(after.documents()));
      score.print("in context, asked by itself", inContext, askedAlone);
      score.print("words alone, no model", words(before.chunks()), words(after.chunks()));
    }
  }

  private static TextChunks read(TextFleet fleet, Path file, int blockTokens) throws IOException {
    List<Tokens> documents = new ArrayList<>();
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      for (String text : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\f", -1)) {
        documents.add(fleet.tokens(text));
      }
    }
    return new TextChunks(documents, blockTokens);
  }

  private static List<float[]> words(List<Tokens> chunks) {
    List<float[]> all = new ArrayList<>();
    for (Tokens chunk : chunks) {
      float[] sum = new float[WORD_DIMENSIONS];
      for (long id : chunk.toLongs()) {
        SplittableRandom word = new SplittableRandom(id);
        for (int i = 0; i < sum.length; i++) {
          sum[i] += (float) word.nextGaussian();
        }
      }
      all.add(sum);
    }
    return all;
  }

  private void printSample() {
    long equal = after.chunks().stream().filter(c -> !before.equalTo(c).isEmpty()).count();
    long near = after.chunks().stream().filter(this::hasOnlyNear).count();
    System.out.printf(
        "%d chunks of %d documents indexed, %d of %d looked for: %d with an equal, %d with only"
            + " near-duplicates%n",
        before.chunks().size(),
        before.documents().size(),
        after.chunks().size(),
        after.documents().size(),
        equal,
        near);
  }

  private boolean hasOnlyNear(Tokens chunk) {
    return before.equalTo(chunk).isEmpty() && !before.nearTo(chunk).isEmpty();
  }

  /** What came of looking for one chunk. */
  private record Found(double recall, List<Integer> nearest, double similarity, double tenth) {}

  private void print(String how, List<float[]> indexed, List<float[]> asked) {
    NearestChunks index = new NearestChunks(indexed.size(), Long.MAX_VALUE);
    for (int i = 0; i < indexed.size(); i++) {
      index.put(NAMESPACE, DOMAIN, new BlockHash(i, 0, 0, 0), indexed.get(i));
    }
    List<Found> found = asked.stream().map(chunk -> find(index, indexed, chunk)).toList();
    System.out.printf(
        "%n%s: recall@10 %.4f, median similarity of the nearest %.3f, of the tenth %.3f%n",
        how,
        found.stream().mapToDouble(Found::recall).average().orElseThrow(),
        median(found.stream().mapToDouble(Found::similarity).toArray()),
        median(found.stream().mapToDouble(Found::tenth).toArray()));
    printShares(found);
    printThresholds(found);
  }

  private static Found find(NearestChunks index, List<float[]> indexed, float[] asked) {
    List<Near> nearest = index.nearest(NAMESPACE, DOMAIN, asked, TEN);
    double[] all = indexed.stream().mapToDouble(other -> cosine(asked, other)).sorted().toArray();
    double tenth = all[all.length - TEN];
    long right = nearest.stream().filter(near -> near.similarity() >= tenth - TIE).count();
    return new Found(
        (double) right / TEN,
        nearest.stream().map(near -> number(near.block())).toList(),
        nearest.getFirst().similarity(),
        tenth);
  }

  private static int number(BlockHash block) {
    return (int) block.w0();
  }

  private void printShares(List<Found> found) {
    int equals = 0;
    int equalFirst = 0;
    int[] nears = new int[3];
    for (int i = 0; i < found.size(); i++) {
      Tokens chunk = after.chunks().get(i);
      Set<Integer> equal = before.equalTo(chunk);
      List<Integer> nearest = found.get(i).nearest();
      if (!equal.isEmpty()) {
        equals++;
        equalFirst += equal.contains(nearest.getFirst()) ? 1 : 0;
      } else if (hasOnlyNear(chunk)) {
        Set<Integer> near = before.nearTo(chunk);
        nears[0]++;
        nears[1] += near.contains(nearest.getFirst()) ? 1 : 0;
        nears[2] += nearest.stream().anyMatch(near::contains) ? 1 : 0;
      }
    }
    System.out.printf(
        "  an equal is the nearest: %.3f; a near-duplicate is the nearest: %.3f, among the ten"
            + " nearest: %.3f%n",
        (double) equalFirst / equals, (double) nears[1] / nears[0], (double) nears[2] / nears[0]);
  }

  /** Without the chunks that have an equal one: those are found by their tokens. */
  private void printThresholds(List<Found> found) {
    System.out.println("  nearest taken from   precision   recall");
    for (double threshold : THRESHOLDS) {
      int taken = 0;
      int right = 0;
      int wanted = 0;
      for (int i = 0; i < found.size(); i++) {
        Tokens chunk = after.chunks().get(i);
        if (before.equalTo(chunk).isEmpty()) {
          Set<Integer> near = before.nearTo(chunk);
          boolean isTaken = found.get(i).similarity() >= threshold;
          wanted += near.isEmpty() ? 0 : 1;
          taken += isTaken ? 1 : 0;
          right += isTaken && near.contains(found.get(i).nearest().getFirst()) ? 1 : 0;
        }
      }
      System.out.printf(
          "  %18.2f   %9.3f   %6.3f   (%d taken)%n",
          threshold, (double) right / Math.max(1, taken), (double) right / wanted, taken);
    }
  }

  private static double cosine(float[] one, float[] other) {
    double dot = 0;
    double a = 0;
    double b = 0;
    for (int i = 0; i < one.length; i++) {
      dot += (double) one[i] * other[i];
      a += (double) one[i] * one[i];
      b += (double) other[i] * other[i];
    }
    return dot / Math.sqrt(a * b);
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }
}
