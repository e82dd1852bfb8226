package io.membrane.worker.prefill;

import io.membrane.block.Tokens;
import io.membrane.worker.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Time and memory of one chunk at some places of a long prompt, behind a cache of zeros, and what
 * the whole prompt would take by that. Run with the module's test classpath:
 *
 * <pre>
 * java -Dai.djl.offline=true -cp … io.membrane.worker.prefill.LateChunk MODEL TOKENS CHUNK
 * </pre>
 */
final class LateChunk {

  private static final int PLACES = 1;
  private static final double MIB = 1 << 20;

  private LateChunk() {}

  public static void main(String[] args) {
    int length = Integer.parseInt(args[1]);
    int chunk = Integer.parseInt(args[2]);
    try (Checkpoint checkpoint = Checkpoint.open(Path.of(args[0]));
        PrefillModel model =
            PrefillModel.load(checkpoint, new PrefillOptions("auto", null, chunk, 0))) {
      measure(model, chunk, chunk);
      double sum = 0;
      double last = 0;
      for (int place = 0; place <= PLACES; place++) {
        int to = Math.max(chunk, length / PLACES * place / chunk * chunk);
        double millis = measure(model, to, chunk);
        sum += place == 0 ? 0 : (last + millis) / 2 / PLACES;
        last = millis;
      }
      System.out.printf(
          Locale.ROOT,
          "%d tokens in chunks of %d: about %.0f s by these%n",
          length,
          chunk,
          sum * length / chunk / 1e3);
    }
  }

  private static double measure(PrefillModel model, int to, int chunk) {
    byte[] zeros = new byte[(int) model.layout().bytes(chunk)];
    List<byte[]> prefix = Collections.nCopies(to / chunk - 1, zeros);
    try (Prefill prefill = model.begin(Tokens.ofInts(new int[to]), prefix, chunk)) {
      ResidentMemory.resetPeak();
      long before = ResidentMemory.now();
      long start = System.nanoTime();
      prefill.advance();
      double millis = (System.nanoTime() - start) / 1e6;
      long chunkPeak = ResidentMemory.peak();
      ResidentMemory.resetPeak();
      boolean finite = prefill.isFinite();
      System.out.printf(
          Locale.ROOT,
          "chunk up to %d: %.0f ms, %.0f MiB beside the %.0f that were there; finite %b, %.0f MiB%n",
          to,
          millis,
          (chunkPeak - before) / MIB,
          before / MIB,
          finite,
          (ResidentMemory.peak() - before) / MIB);
      return millis;
    }
  }
}
