package io.membrane.worker.prefill;

import static io.membrane.worker.prefill.Golden.distance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.Tokens;
import io.membrane.worker.checkpoint.ElementType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Blocks of 16 tokens that are reused at another position or behind other tokens. */
class ShiftedPrefillTest {

  private static final int BLOCK = 16;
  private static final int ROUNDS = 8;
  private static final long SEED = 20261122;

  private final Map<String, PrefillModel> models = new HashMap<>();

  @AfterEach
  void close() {
    models.values().forEach(PrefillModel::close);
  }

  /** What a prefill leaves behind: the KV of all tokens, of each full block, and logits. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Outcome(float[] kv, List<byte[]> blocks, float[] logits) {}

  /** K of layer 0 depends on token and position alone, so that turning it is computing it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama",
        "llama3-rope-tied-sharded",
        "llama3-rope-old",
        "linear",
        "yarn",
        "yarn-mscale",
        "dynamic",
        "longrope",
        "head-dim",
        "biases",
        "multi-head",
        "mistral",
        "qwen2",
        "qwen3",
        "tiny-llama"
      })
  void aTurnedKeyOfLayerZeroIsTheOneThatIsComputedThere(String variant) {
    PrefillModel model = model(variant, ElementType.F32);
    Tokens source = tokens(1, 4 * BLOCK);
    List<byte[]> stored = full(model, source).blocks();
    for (int from = 0; from < 4; from++) {
      Tokens prompt = joined(tokens(2, 23), block(source, from), tokens(3, 9));
      float[] right = layerZero(model, full(model, prompt).kv(), prompt.length());
      MovedBlock block = new MovedBlock(23, from * BLOCK, stored.get(from));
      try (ShiftedPrefill moved = model.beginShifted(prompt, List.of(), BLOCK, List.of(block))) {
        float[] turned = Golden.values(moved.loaded(0, prompt.length()), ElementType.F32);
        float[] layer = layerZero(model, turned, prompt.length());
        int row = model.layout().kvHeads() * model.layout().headDim();
        for (int part = 0; part < 2; part++) {
          int at = (part * prompt.length() + 23) * row;
          assertThat(
                  distance(
                      Arrays.copyOfRange(layer, at, at + BLOCK * row),
                      Arrays.copyOfRange(right, at, at + BLOCK * row)))
              .as("%s: block %d, part %d", variant, from, part)
              .isLessThan(2e-5);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, F32, 1e-4",
    "qwen3, F32, 1e-4",
    "yarn-mscale, F32, 1e-4",
    "biases, F16, 4e-3",
    "llama-bf16, BF16, 0.08"
  })
  void allTokensRecomputedAreAFullPrefill(String variant, ElementType type, double tolerance) {
    PrefillModel model = model(variant, type);
    Random random = new Random(SEED);
    for (int round = 0; round < ROUNDS; round++) {
      Case it = new Case(model, random);
      Outcome right = full(model, it.prompt);
      try (ShiftedPrefill done = shifted(model, it, 1)) {
        assertThat(done.computedTokens()).isEqualTo(it.prompt.length() - it.reused());
        assertThat(distance(Golden.values(done.kv(0, it.prompt.length()), type), right.kv()))
            .as("round %d", round)
            .isLessThan(tolerance);
        assertThat(distance(done.logits(), right.logits())).isLessThan(tolerance);
      }
    }
  }

  /** The same chunk behind the same tokens is what was stored, however little is recomputed. */
  @ParameterizedTest
  @CsvSource({"llama, F32, 1e-4", "biases, F16, 4e-3", "llama-bf16, BF16, 0.08"})
  void aBlockInItsOwnPlaceIsExact(String variant, ElementType type, double tolerance) {
    PrefillModel model = model(variant, type);
    Tokens prompt = tokens(5, 6 * BLOCK + 5);
    Outcome right = full(model, prompt);
    List<MovedBlock> blocks =
        Stream.of(2, 3, 5)
            .map(b -> new MovedBlock(b * BLOCK, b * BLOCK, right.blocks().get(b)))
            .toList();
    try (ShiftedPrefill done = shifted(model, prompt, right.blocks().subList(0, 2), blocks, 0)) {
      assertThat(done.computedTokens()).isEqualTo(BLOCK + 5);
      float[] kv = Golden.values(done.kv(0, prompt.length()), type);
      assertThat(distance(kv, right.kv())).isLessThan(tolerance);
      assertThat(distance(done.logits(), right.logits())).isLessThan(tolerance);
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, F32", "llama-bf16, BF16"})
  void whatStandsBeforeTheFirstShiftedBlockHasTheBytesOfAPrefill(String variant, ElementType type) {
    PrefillModel model = model(variant, type);
    Tokens source = tokens(6, 2 * BLOCK);
    MovedBlock block = new MovedBlock(5 * BLOCK, BLOCK, full(model, source).blocks().get(1));
    Tokens prompt = joined(tokens(7, 5 * BLOCK), block(source, 1), tokens(8, 40));
    Outcome right = full(model, prompt);
    for (int reused = 0; reused < 5; reused++) {
      List<byte[]> prefix = right.blocks().subList(0, reused);
      try (ShiftedPrefill done = shifted(model, prompt, prefix, List.of(block), 0.2)) {
        for (int b = reused; b < 5; b++) {
          assertThat(done.kv(b * BLOCK, (b + 1) * BLOCK)).isEqualTo(right.blocks().get(b));
        }
      }
    }
  }

  @Test
  void moreRecomputedTokensDeviateLess() {
    PrefillModel model = model("tiny-llama", ElementType.F32);
    Random random = new Random(SEED);
    double[] shares = {0, 0.25, 0.5, 1};
    double[] sums = new double[shares.length];
    for (int round = 0; round < ROUNDS; round++) {
      Case it = new Case(model, random);
      try (Prefill right = model.begin(it.prompt, it.prefix, BLOCK)) {
        while (right.advance()) {}
        for (int i = 0; i < shares.length; i++) {
          try (ShiftedPrefill done = shifted(model, it, shares[i])) {
            sums[i] += done.keyDeviation(right).relative() + done.valueDeviation(right).relative();
          }
        }
      }
    }
    assertThat(sums).isSortedAccordingTo((a, b) -> Double.compare(b, a));
    assertThat(sums[0]).isGreaterThan(0.01);
    assertThat(sums[3]).isLessThan(1e-4);
  }

  @Test
  void theDeviationIsThatOfTheKvItself() {
    PrefillModel model = model("llama", ElementType.F32);
    Case it = new Case(model, new Random(SEED));
    int from = it.reused();
    int to = it.prompt.length();
    try (Prefill right = model.begin(it.prompt, it.prefix, BLOCK);
        ShiftedPrefill done = shifted(model, it, 0.1)) {
      while (right.advance()) {}
      float[] a = Golden.values(done.kv(from, to), ElementType.F32);
      float[] b = Golden.values(right.kv(from, to), ElementType.F32);
      int part = a.length / model.layout().layers() / 2;
      double[] off = new double[2];
      double[] all = new double[2];
      double[] max = new double[2];
      for (int i = 0; i < a.length; i++) {
        double d = Math.abs(a[i] - b[i]);
        off[i / part % 2] += d * d;
        all[i / part % 2] += b[i] * b[i];
        max[i / part % 2] = Math.max(max[i / part % 2], d);
      }
      List<Deviation> measured = List.of(done.keyDeviation(right), done.valueDeviation(right));
      for (int i = 0; i < 2; i++) {
        assertThat(measured.get(i).max()).isCloseTo(max[i], withinPart(max[i]));
        assertThat(measured.get(i).relative()).isCloseTo(Math.sqrt(off[i] / all[i]), withinPart(1));
      }
    }
  }

  @Test
  void anotherTokensKvIsNoticedAndComputed() {
    PrefillModel model = model("llama-bf16", ElementType.BF16);
    Tokens source = tokens(9, 2 * BLOCK);
    List<byte[]> stored = full(model, source).blocks();
    long[] near = block(source, 1).toLongs();
    near[3] = (near[3] + 1) % 96;
    near[11] = (near[11] + 1) % 96;
    Tokens prompt = joined(tokens(10, 20), Tokens.of(near), tokens(11, 10));
    MovedBlock block = new MovedBlock(20, BLOCK, stored.get(1), 14.0 / BLOCK);
    try (ShiftedPrefill done = shifted(model, prompt, List.of(), List.of(block), 0)) {
      assertThat(IntStream.range(0, prompt.length()).filter(done::isOther)).containsExactly(23, 31);
      assertThat(IntStream.of(23, 31)).allMatch(done::isComputed);
      assertThat(done.computedTokens()).isEqualTo(prompt.length() - BLOCK + 2);
    }
    MovedBlock tooFew = new MovedBlock(20, BLOCK, stored.get(1), 15.0 / BLOCK);
    try (ShiftedPrefill done = shifted(model, prompt, List.of(), List.of(tooFew), 0)) {
      assertThat(IntStream.range(0, prompt.length()).filter(done::isOther)).containsExactly(23, 31);
      assertThat(done.computedTokens()).isEqualTo(prompt.length());
    }
    MovedBlock wrongPlace = new MovedBlock(20, 0, stored.get(1));
    try (ShiftedPrefill done = shifted(model, prompt, List.of(), List.of(wrongPlace), 0)) {
      assertThat(IntStream.range(20, 36)).allMatch(done::isOther);
    }
  }

  @Test
  void blocksThatDoNotFitAreRefused() {
    PrefillModel model = model("llama", ElementType.F32);
    byte[] payload = new byte[(int) model.layout().bytes(BLOCK)];
    Tokens prompt = tokens(12, 40);
    for (MovedBlock bad :
        List.of(
            new MovedBlock(25, 0, payload),
            new MovedBlock(-1, 0, payload),
            new MovedBlock(0, -1, payload),
            new MovedBlock(0, 0, new byte[17]))) {
      assertThatThrownBy(() -> model.beginShifted(prompt, List.of(), BLOCK, List.of(bad)))
          .isInstanceOf(IllegalArgumentException.class);
    }
    MovedBlock good = new MovedBlock(0, 0, payload);
    assertThatThrownBy(() -> model.beginShifted(prompt, List.of(), BLOCK, List.of(good, good)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Blocks of some sources in a new order, with gaps, behind a prefix. */
  private static final class Case {

    final List<byte[]> prefix;
    final List<MovedBlock> blocks = new ArrayList<>();
    final Tokens prompt;

    Case(PrefillModel model, Random random) {
      Tokens source = tokens(random.nextLong(), 6 * BLOCK);
      List<byte[]> stored = full(model, source).blocks();
      prefix = stored.subList(0, random.nextInt(3));
      Tokens all = source.slice(0, 0);
      all = joined(all, source.slice(0, prefix.size() * BLOCK));
      int parts = 1 + random.nextInt(6);
      for (int part = 0; part < parts; part++) {
        all = joined(all, tokens(random.nextLong(), random.nextInt(20)));
        int from = random.nextInt(6);
        blocks.add(new MovedBlock(all.length(), from * BLOCK, stored.get(from)));
        all = joined(all, block(source, from));
      }
      prompt = joined(all, tokens(random.nextLong(), random.nextInt(30)));
    }

    int reused() {
      return prefix.size() * BLOCK;
    }
  }

  private PrefillModel model(String variant, ElementType type) {
    return models.computeIfAbsent(variant + type, key -> Golden.load(variant, type, BLOCK));
  }

  private static ShiftedPrefill shifted(PrefillModel model, Case it, double share) {
    return shifted(model, it.prompt, it.prefix, it.blocks, share);
  }

  private static ShiftedPrefill shifted(
      PrefillModel model,
      Tokens prompt,
      List<byte[]> prefix,
      List<MovedBlock> blocks,
      double share) {
    ShiftedPrefill prefill = model.beginShifted(prompt, prefix, BLOCK, blocks);
    while (prefill.inspect()) {}
    prefill.choose(share);
    while (prefill.advance()) {}
    return prefill;
  }

  private static Outcome full(PrefillModel model, Tokens prompt) {
    try (Prefill prefill = model.begin(prompt, List.of(), BLOCK)) {
      while (prefill.advance()) {}
      List<byte[]> blocks = new ArrayList<>();
      for (int at = 0; at + BLOCK <= prompt.length(); at += BLOCK) {
        blocks.add(prefill.kv(at, at + BLOCK));
      }
      float[] kv = Golden.values(prefill.kv(0, prompt.length()), model.layout().type());
      return new Outcome(kv, blocks, prefill.logits());
    }
  }

  private static float[] layerZero(PrefillModel model, float[] kv, int tokens) {
    assertThat(kv).hasSize((int) model.layout().bytes(tokens) / Float.BYTES);
    return Arrays.copyOf(kv, kv.length / model.layout().layers());
  }

  private static Tokens tokens(long seed, int count) {
    return Tokens.ofInts(new Random(seed).ints(count, 0, 96).toArray());
  }

  private static Tokens block(Tokens tokens, int block) {
    return tokens.slice(block * BLOCK, (block + 1) * BLOCK);
  }

  private static Tokens joined(Tokens... parts) {
    return Tokens.of(
        Stream.of(parts).flatMapToLong(part -> LongStream.of(part.toLongs())).toArray());
  }

  private static Offset<Double> withinPart(double whole) {
    return Offset.offset(1e-5 * whole + 1e-9);
  }
}
