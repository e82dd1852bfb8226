package io.membrane.worker.prefill;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Tokens;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class LongPromptTest {

  private static final int CHUNK = 1024;
  private static final int LENGTH = 16_384;
  private static final int HEADS = 8;

  /** Scores of all heads at once, as f32, would be half a GiB here; the mask alone is 64 MiB. */
  @Test
  void aLateChunkNeedsMemoryForItsMaskButNotForAllScores() {
    Assumptions.assumeTrue(ResidentMemory.isKnown(), "Linux counts the peak of a process");
    long scores = 4L * HEADS * CHUNK * LENGTH;
    try (PrefillModel model = Golden.load("tiny-llama", null, CHUNK)) {
      advance(model, 2 * CHUNK);
      long grown = advance(model, LENGTH);
      assertThat(grown).isLessThan(scores / 2);
    }
  }

  /** Bytes by which the peak rose during the last chunk. */
  private static long advance(PrefillModel model, int length) {
    byte[] zeros = new byte[(int) model.layout().bytes(CHUNK)];
    List<byte[]> prefix = Collections.nCopies(length / CHUNK - 1, zeros);
    try (Prefill prefill = model.begin(Tokens.ofInts(new int[length]), prefix, CHUNK)) {
      ResidentMemory.resetPeak();
      long before = ResidentMemory.now();
      prefill.advance();
      assertThat(prefill.isFinite()).isTrue();
      return ResidentMemory.peak() - before;
    }
  }
}
