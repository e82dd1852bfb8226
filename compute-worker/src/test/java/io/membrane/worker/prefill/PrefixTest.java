package io.membrane.worker.prefill;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.Tokens;
import io.membrane.fixture.Seeds;
import io.membrane.worker.checkpoint.ElementType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrefixTest {

  private static final int ROUNDS = 12;
  private static final long SEED = 20261121;
  private static final int[] CHUNKS = {3, 16, 37, 64};

  private final Map<String, PrefillModel> models = new HashMap<>();

  @AfterEach
  void close() {
    models.values().forEach(PrefillModel::close);
  }

  /** What one prefill leaves behind. */
  private record Outcome(List<byte[]> blocks, List<Float> logits) {}

  /** The rounding of K and V to bf16 may tip over where a sum is ordered differently. */
  @ParameterizedTest
  @CsvSource({
    "llama, F32, 1e-4",
    "qwen3, F32, 1e-4",
    "yarn, F32, 1e-4",
    "biases, F16, 4e-3",
    "llama-f16, F16, 4e-3",
    "llama-bf16, BF16, 0.08",
    "llama-bf16, F32, 0.08",
    "llama-bf16, F16, 0.08"
  })
  void prefixAndTailEqualFullPrefill(String variant, ElementType kvType, double tolerance) {
    Random random = new Random(SEED);
    for (int round = 0; round < ROUNDS; round++) {
      int block = 1 + random.nextInt(24);
      int length = 1 + random.nextInt(200);
      int chunk = CHUNKS[random.nextInt(CHUNKS.length)];
      int tailChunk = CHUNKS[random.nextInt(CHUNKS.length)];
      int reused = random.nextInt(length / block + 1);
      String what =
          "seed %d round %d: %d tokens, blocks of %d, %d reused, chunks of %d and %d"
              .formatted(SEED, round, length, block, reused, chunk, tailChunk);
      Tokens tokens = Tokens.ofInts(random.ints(length, 0, 96).toArray());
      Outcome full = prefill(variant, kvType, chunk, tokens, block, List.of());
      Outcome tail =
          prefill(variant, kvType, tailChunk, tokens, block, full.blocks().subList(0, reused));
      assertThat(distance(full.logits(), tail.logits())).as(what).isLessThan(tolerance);
      for (int i = 0; i < full.blocks().size(); i++) {
        assertThat(distance(values(full, i, kvType), values(tail, i, kvType)))
            .as("%s, block %d", what, i)
            .isLessThan(tolerance);
      }
    }
  }

  /** So that a block stored by one prefill never conflicts with the same block of another. */
  @ParameterizedTest
  @CsvSource({"tiny-llama, F32", "llama-bf16, BF16", "llama-f16, F16"})
  void chunksOfTheBlockSizeGiveTheSameBytesBehindAnyPrefix(String variant, ElementType kvType) {
    Random random = new Random(SEED);
    for (int round = 0; round < ROUNDS; round++) {
      int block = 16 * (1 + random.nextInt(4));
      int length = block + random.nextInt(6 * block);
      int reused = random.nextInt(length / block + 1);
      Tokens tokens = Tokens.ofInts(random.ints(length, 0, 96).toArray());
      Outcome full = prefill(variant, kvType, block, tokens, block, List.of());
      Outcome tail =
          prefill(variant, kvType, block, tokens, block, full.blocks().subList(0, reused));
      for (int i = 0; i < full.blocks().size(); i++) {
        assertThat(tail.blocks().get(i))
            .as("seed %d round %d: block %d behind %d of %d", SEED, round, i, reused, block)
            .isEqualTo(full.blocks().get(i));
      }
    }
  }

  /**
   * Batching changes no more than the last bits; blocks computed alone are compared with the same
   * blocks computed beside other prompts' chunks.
   */
  @ParameterizedTest
  @CsvSource({"tiny-llama, F32, 1e-4", "qwen3, F32, 1e-4", "llama-bf16, BF16, 0.08"})
  void promptsThatGoThroughTogetherGetWhatTheyGetAlone(
      String variant, ElementType kvType, double tolerance) {
    Random random = new Random(SEED);
    try (PrefillModel model = Golden.load(variant, kvType, 16)) {
      List<Prefill> together = new ArrayList<>();
      try {
        List<Outcome> alone = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
          Tokens tokens = Tokens.ofInts(random.ints(16 + random.nextInt(80), 0, 96).toArray());
          alone.add(prefill(variant, kvType, 16, tokens, 16, List.of()));
          List<byte[]> reused = i % 2 == 0 ? List.of() : alone.get(i).blocks().subList(0, 1);
          together.add(model.begin(tokens, reused, 16));
        }
        for (int step = 0; step < 6; step++) {
          Prefill.advanceAll(together);
        }
        for (int i = 0; i < together.size(); i++) {
          Outcome outcome = outcome(together.get(i), 16, alone.get(i).blocks().size());
          assertThat(distance(alone.get(i).logits(), outcome.logits())).isLessThan(tolerance);
          for (int block = 0; block < outcome.blocks().size(); block++) {
            assertThat(
                    distance(values(alone.get(i), block, kvType), values(outcome, block, kvType)))
                .isLessThan(tolerance);
          }
        }
      } finally {
        together.forEach(Prefill::close);
      }
    }
  }

  @Test
  void anEmbeddingBehindAPrefixIsThatOfTheFullPrefill() {
    Tokens tokens = Tokens.ofInts(new Random(SEED).ints(100, 0, 96).toArray());
    Outcome full = prefill("llama", ElementType.F32, 16, tokens, 16, List.of());
    try (PrefillModel model = Golden.load("llama", ElementType.F32, 16);
        Prefill whole = model.begin(tokens, List.of(), 16, true);
        Prefill tail = model.begin(tokens, full.blocks().subList(0, 2), 16, true)) {
      while (whole.advance()) {}
      while (tail.advance()) {}
      for (int block = 2; block < 6; block++) {
        assertThat(tail.embedding(block)).isEqualTo(whole.embedding(block));
      }
    }
  }

  @Test
  void withoutBeingAskedForThereAreNoEmbeddings() {
    try (PrefillModel model = Golden.load("llama", ElementType.F32, 16);
        Prefill prefill = model.begin(Tokens.ofInts(1, 2), List.of(), 1)) {
      while (prefill.advance()) {}
      assertThatThrownBy(() -> prefill.embedding(0)).isInstanceOf(IllegalStateException.class);
    }
  }

  /** Whatever arrives when: blocks of the chunk size have the bytes that they have cold. */
  @ParameterizedTest
  @CsvSource({"tiny-llama, F32", "llama-bf16, BF16"})
  void blocksThatArriveInAnyOrderWhileOthersAreComputedGiveThePlainResult(
      String variant, ElementType kvType) {
    Seeds.forAll(
        ROUNDS,
        random -> {
          int block = 16;
          int length = 1 + random.nextInt(8 * block);
          Tokens tokens = Seeds.tokens(random, length, 96);
          Outcome plain = prefill(variant, kvType, block, tokens, block, List.of());
          List<Integer> coming = new ArrayList<>();
          for (int i = 0; i < length / block; i++) {
            coming.add(i);
          }
          Collections.shuffle(coming, new Random(random.nextLong()));
          PrefillModel model = models.get(variant + kvType + block);
          try (Prefill prefill = requireNonNull(model).begin(tokens, List.of(), block)) {
            while (prefill.remainingTokens() > 0) {
              if (!coming.isEmpty() && random.nextBoolean()) {
                int arrived = coming.removeLast();
                prefill.load(arrived, plain.blocks().get(arrived));
              } else {
                prefill.advance();
              }
            }
            Outcome mixed = outcome(prefill, block, length / block);
            assertThat(mixed.logits()).isEqualTo(plain.logits());
            for (int i = 0; i < mixed.blocks().size(); i++) {
              assertThat(mixed.blocks().get(i)).isEqualTo(plain.blocks().get(i));
            }
          }
        });
  }

  @Test
  void aPrefixOverTheWholePromptStillGivesLogits() {
    Tokens tokens = Tokens.ofInts(new Random(SEED).ints(64, 0, 96).toArray());
    Outcome full = prefill("llama", ElementType.F32, 16, tokens, 16, List.of());
    Outcome reused = prefill("llama", ElementType.F32, 16, tokens, 16, full.blocks());
    assertThat(reused.blocks()).hasSize(4);
    assertThat(distance(full.logits(), reused.logits())).isLessThan(1e-4);
  }

  @Test
  void aBlockOfAnotherSizeIsRefused() {
    try (PrefillModel model = Golden.load("llama", null, 16)) {
      Tokens tokens = Tokens.ofInts(1, 2, 3, 4);
      List<byte[]> prefix = List.of(new byte[17]);
      assertThatThrownBy(() -> model.begin(tokens, prefix, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a block of 2 tokens has 512 bytes, not 17");
    }
  }

  @Test
  void kvThatOverflowsItsTypeIsNoticed() {
    try (PrefillModel model = Golden.load("llama", ElementType.F16, 16)) {
      Tokens tokens = Tokens.ofInts(1, 2);
      byte[] infinite = new byte[(int) model.layout().bytes(1)];
      infinite[1] = 0x7C;
      try (Prefill prefill = model.begin(tokens, List.of(infinite), 1)) {
        while (prefill.advance()) {}
        assertThat(prefill.isFinite()).isFalse();
      }
    }
  }

  private Outcome prefill(
      String variant,
      ElementType kvType,
      int chunk,
      Tokens tokens,
      int blockTokens,
      List<byte[]> prefix) {
    PrefillModel model =
        models.computeIfAbsent(
            variant + kvType + chunk, key -> Golden.load(variant, kvType, chunk));
    try (Prefill prefill = model.begin(tokens, prefix, blockTokens)) {
      while (prefill.advance()) {}
      return outcome(prefill, blockTokens, tokens.length() / blockTokens);
    }
  }

  private static Outcome outcome(Prefill prefill, int blockTokens, int count) {
    List<byte[]> blocks = new ArrayList<>();
    for (int block = 0; block < count; block++) {
      blocks.add(prefill.kv(block * blockTokens, (block + 1) * blockTokens));
    }
    List<Float> logits = new ArrayList<>();
    for (float logit : prefill.logits()) {
      logits.add(logit);
    }
    return new Outcome(blocks, logits);
  }

  private static List<Float> values(Outcome outcome, int block, ElementType type) {
    List<Float> values = new ArrayList<>();
    for (float value : Golden.values(outcome.blocks().get(block), type)) {
      values.add(value);
    }
    return values;
  }

  private static double distance(List<Float> a, List<Float> b) {
    assertThat(a).hasSameSizeAs(b);
    double worst = 0;
    for (int i = 0; i < a.size(); i++) {
      worst = Math.max(worst, Math.abs(a.get(i) - b.get(i)));
    }
    return worst;
  }
}
