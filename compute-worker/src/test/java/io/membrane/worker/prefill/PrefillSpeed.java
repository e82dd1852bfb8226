package io.membrane.worker.prefill;

import io.membrane.block.Tokens;
import io.membrane.worker.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Measures loading, a cold prefill, and one whose whole prompt is a given prefix. Run with the
 * module's test classpath:
 *
 * <pre>
 * java -Dai.djl.offline=true -cp … io.membrane.worker.prefill.PrefillSpeed MODEL TOKENS CHUNK…
 * </pre>
 */
final class PrefillSpeed {

  private static final int BLOCK = 256;
  private static final int ROUNDS = 4;

  private PrefillSpeed() {}

  public static void main(String[] args) {
    int count = Integer.parseInt(args[1]);
    for (int chunk : Arrays.stream(args).skip(2).mapToInt(Integer::parseInt).toArray()) {
      long start = System.nanoTime();
      try (Checkpoint checkpoint = Checkpoint.open(Path.of(args[0]));
          PrefillModel model =
              PrefillModel.load(checkpoint, new PrefillOptions("auto", null, chunk, 0))) {
        System.out.printf(Locale.ROOT, "loaded in %.0f ms%n", millis(start));
        for (int round = 0; round < ROUNDS; round++) {
          measure(model, count, chunk);
        }
      }
    }
  }

  private static void measure(PrefillModel model, int count, int chunk) {
    Tokens tokens = Tokens.ofInts(new Random(count).ints(count, 0, model.vocabSize()).toArray());
    List<byte[]> blocks = new ArrayList<>();
    long start = System.nanoTime();
    double cold;
    try (Prefill prefill = model.begin(tokens, List.of(), BLOCK)) {
      while (prefill.advance()) {}
      prefill.logits();
      cold = millis(start);
      for (int at = 0; at + BLOCK <= count; at += BLOCK) {
        blocks.add(prefill.kv(at, at + BLOCK));
      }
    }
    double withBlocks = millis(start);
    start = System.nanoTime();
    try (Prefill prefill = model.begin(tokens, blocks, BLOCK)) {
      while (prefill.advance()) {}
      prefill.logits();
    }
    System.out.printf(
        Locale.ROOT,
        "chunk %d: cold %.1f ms, %.1f ms with blocks; fully reused %.1f ms%n",
        chunk,
        cold,
        withBlocks,
        millis(start));
  }

  private static double millis(long since) {
    return (System.nanoTime() - since) / 1e6;
  }
}
