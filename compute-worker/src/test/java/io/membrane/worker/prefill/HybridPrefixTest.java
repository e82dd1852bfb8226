package io.membrane.worker.prefill;

import static io.membrane.worker.prefill.Golden.distance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.Tokens;
import io.membrane.worker.checkpoint.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HybridPrefixTest {

  private static final int BLOCK = 16;
  private static final Tokens PROMPT =
      Tokens.ofInts(new Random(20261122).ints(7 * BLOCK + 5, 0, 96).toArray());

  /** What one prefill leaves behind. */
  @SuppressWarnings("ArrayRecordComponent") // its arrays are compared one by one
  private record Outcome(
      List<byte[]> blocks, byte[] tail, NavigableMap<Integer, byte[]> states, float[] logits) {}

  /** So that a stored block or state never conflicts with the same one of another prefill. */
  @ParameterizedTest
  @CsvSource({
    "qwen3-next, F32, 16",
    "qwen3-next-dense, BF16, 16",
    "qwen3_5, F32, 16",
    "qwen3_5-bf16, BF16, 16",
    "qwen3_5-bf16, BF16, 8"
  })
  void behindEveryBoundaryAllBytesAreThoseOfTheColdRun(String variant, ElementType kv, int chunk) {
    try (PrefillModel model = Golden.load(variant, kv, chunk, 1)) {
      Outcome cold = run(model, List.of(), null);
      assertThat(cold.states()).containsOnlyKeys(1, 2, 3, 4, 5, 6, 7);
      for (int reused = 1; reused <= 7; reused++) {
        Outcome warm = run(model, cold.blocks().subList(0, reused), cold.states().get(reused));
        assertThat(warm.blocks().toArray(byte[][]::new))
            .as("behind %d", reused)
            .isDeepEqualTo(cold.blocks().toArray(byte[][]::new));
        assertThat(warm.tail()).as("behind %d", reused).isEqualTo(cold.tail());
        assertThat(warm.logits()).as("behind %d", reused).isEqualTo(cold.logits());
        assertThat(warm.states().keySet()).isEqualTo(cold.states().tailMap(reused, false).keySet());
        warm.states().forEach((end, state) -> assertThat(state).isEqualTo(cold.states().get(end)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"qwen3-next, 37", "qwen3_5, 5", "qwen3_5, 1000"})
  void chunksOfAnotherSizeAreWithinRounding(String variant, int chunk) {
    try (PrefillModel model = Golden.load(variant, ElementType.F32, BLOCK, 1);
        PrefillModel other = Golden.load(variant, ElementType.F32, chunk, 3)) {
      Outcome cold = run(model, List.of(), null);
      Outcome warm = run(other, cold.blocks().subList(0, 2), cold.states().get(2));
      assertThat(warm.states()).containsOnlyKeys(3, 6, 7);
      assertThat(distance(cold.logits(), warm.logits())).isLessThan(1e-4);
      warm.states()
          .forEach((end, state) ->
              assertThat(distance(f32(cold.states().get(end)), f32(state))).isLessThan(1e-4));
      for (int block = 0; block < 7; block++) {
        assertThat(distance(f32(cold.blocks().get(block)), f32(warm.blocks().get(block))))
            .isLessThan(1e-4);
      }
    }
  }

  @Test
  void promptsThatAdvanceTogetherGiveTheBytesOfEachAlone() {
    try (PrefillModel model = Golden.load("qwen3-next", ElementType.F32, 37, 1)) {
      Outcome alone = run(model, List.of(), null);
      byte[] state = alone.states().get(3);
      List<byte[]> prefix = alone.blocks().subList(0, 3);
      try (Prefill cold = model.begin(PROMPT, List.of(), BLOCK);
          Prefill warm = model.begin(PROMPT, prefix, state, BLOCK, false)) {
        while (cold.doneTokens() < PROMPT.length()) {
          int expected =
              model.chunkAfter(0, BLOCK, cold.doneTokens(), PROMPT.length()) + cold.doneTokens();
          int next =
              warm.doneTokens() == PROMPT.length()
                  ? PROMPT.length()
                  : model.chunkAfter(3, BLOCK, warm.doneTokens(), PROMPT.length())
                      + warm.doneTokens();
          Prefill.advanceAll(List.of(cold, warm));
          assertThat(cold.doneTokens()).isEqualTo(expected);
          assertThat(warm.doneTokens()).isEqualTo(next);
        }
        assertThat(cold.logits()).isEqualTo(alone.logits());
        assertThat(cold.snapshots().get(7)).isEqualTo(alone.states().get(7));
        assertThat(distance(warm.logits(), alone.logits())).isLessThan(1e-4);
      }
    }
  }

  @Test
  void aStateIsOfOneSizeHoweverLongThePrompt() {
    try (PrefillModel model = Golden.load("qwen3_5-bf16", null, BLOCK, 1)) {
      assertThat(run(model, List.of(), null).states().values())
          .allMatch(state -> state.length == 2 * (4 * 8 * 6 + 56 * 3) * 4);
      assertThat(model.stateLayout()).isNotNull();
      assertThat(model.stateLayout().slice()).hasToString("state.0-3.0of1");
      assertThat(model.layout().slice()).hasToString("attn.0-3.0of1");
    }
  }

  @Test
  void aStateThatDoesNotFitIsRefused() {
    try (PrefillModel model = Golden.load("qwen3_5", null, BLOCK, 1)) {
      Outcome cold = run(model, List.of(), null);
      List<byte[]> one = cold.blocks().subList(0, 1);
      assertThatThrownBy(() -> model.begin(PROMPT, one, new byte[12], BLOCK, false))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a state has 2880 bytes, not 12");
      assertThatThrownBy(() -> model.begin(PROMPT, one, null, BLOCK, false))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("1 blocks are reused without the state behind them");
      byte[] state = cold.states().get(1);
      assertThatThrownBy(() -> model.begin(PROMPT, List.of(), state, BLOCK, false))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aStateThatOverflowedIsNoticed() {
    try (PrefillModel model = Golden.load("qwen3_5", null, BLOCK, 1)) {
      Outcome cold = run(model, List.of(), null);
      byte[] state = cold.states().firstEntry().getValue().clone();
      state[2] = (byte) 0x80;
      state[3] = 0x7F;
      try (Prefill prefill =
          model.begin(PROMPT, cold.blocks().subList(0, 1), state, BLOCK, false)) {
        while (prefill.advance()) {}
        assertThat(prefill.isFinite()).isFalse();
      }
    }
  }

  @Test
  void aStateBehindTheWholePromptGivesNoLogits() {
    try (PrefillModel model = Golden.load("qwen3_5", null, BLOCK, 1)) {
      Tokens whole = PROMPT.slice(0, 7 * BLOCK);
      Outcome cold = run(model, List.of(), null);
      try (Prefill prefill =
          model.begin(whole, cold.blocks(), cold.states().get(7), BLOCK, false)) {
        assertThat(prefill.advance()).isFalse();
        assertThatThrownBy(prefill::logits).isInstanceOf(IllegalStateException.class);
      }
    }
  }

  @Test
  void aModelWithoutLinearLayersHasNoStates() {
    try (PrefillModel model = Golden.load("llama", null, BLOCK);
        Prefill prefill = model.begin(PROMPT, List.of(), BLOCK)) {
      while (prefill.advance()) {}
      assertThat(model.stateLayout()).isNull();
      assertThat(prefill.snapshots()).isEmpty();
    }
  }

  private static Outcome run(PrefillModel model, List<byte[]> prefix, byte @Nullable [] state) {
    try (Prefill prefill = model.begin(PROMPT, prefix, state, BLOCK, false)) {
      while (prefill.advance()) {}
      assertThat(prefill.isFinite()).isTrue();
      List<byte[]> blocks = new ArrayList<>();
      for (int block = 0; block < 7; block++) {
        blocks.add(prefill.kv(block * BLOCK, (block + 1) * BLOCK));
      }
      return new Outcome(
          blocks, prefill.kv(7 * BLOCK, PROMPT.length()), prefill.snapshots(), prefill.logits());
    }
  }

  private static float[] f32(byte @Nullable [] bytes) {
    assertThat(bytes).isNotNull();
    return Golden.values(bytes, ElementType.F32);
  }
}
