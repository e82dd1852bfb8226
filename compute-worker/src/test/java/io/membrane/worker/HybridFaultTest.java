package io.membrane.worker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.wire.PrefillResponse;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a hybrid model reuses when KV or states are damaged, gone or out of reach. */
class HybridFaultTest extends HybridWorkerTest {

  @ParameterizedTest
  @EnumSource
  void aDamagedStateMovesTheBoundaryBack(Damage damage) {
    PrefillResponse cold = prefill(PROMPT, List.of(), true, true);
    damage(damage, new FragmentKey(CHAIN.get(5), Slice.parse("state.0-3.0of1")));
    PrefillResponse warm = prefill(PROMPT, CHAIN.subList(0, 6), false, true);
    assertThat(warm.tokensReused()).isEqualTo(4 * 16);
    assertThat(warm.nextToken()).isEqualTo(cold.nextToken());
  }

  @ParameterizedTest
  @EnumSource
  void damagedKvMovesTheBoundaryBack(Damage damage) {
    PrefillResponse cold = prefill(PROMPT, List.of(), true, true);
    damage(damage, new FragmentKey(CHAIN.get(3), Slice.parse("attn.0-3.0of1")));
    PrefillResponse warm = prefill(PROMPT, CHAIN, false, true);
    assertThat(warm.tokensReused()).isEqualTo(2 * 16);
    assertThat(warm.nextToken()).isEqualTo(cold.nextToken());
  }

  /** A worker that ended between the two: KV is stored before the states. */
  @Test
  void kvWithoutItsStatesIsComputedAgainAndCompletesThem() {
    PrefillResponse cold = prefill(PROMPT, List.of(), true, true);
    Map<FragmentKey, Frame> all = Map.copyOf(PEERS.fragments());
    for (int block : List.of(3, 5, 6)) {
      PEERS.fragments().remove(new FragmentKey(CHAIN.get(block), Slice.parse("state.0-3.0of1")));
    }

    PrefillResponse warm = prefill(PROMPT, CHAIN, true, true);

    assertThat(warm.tokensReused()).isEqualTo(2 * 16);
    assertThat(warm.nextToken()).isEqualTo(cold.nextToken());
    assertThat(PEERS.fragments()).containsOnlyKeys(all.keySet());
    all.forEach((key, frame) ->
        assertThat(requireNonNull(PEERS.fragments().get(key)).body()).isEqualTo(frame.body()));
    assertThat(prefill(PROMPT, CHAIN, false, true).tokensReused()).isEqualTo(7 * 16);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 30, 2900, 100_000})
  void anAnswerThatBreaksOffEndsThePrefixAndNotThePrompt(int bytes) {
    PrefillResponse cold = prefill(PROMPT, List.of(), true, true);
    PEERS.cutAnswers(bytes);

    PrefillResponse warm = prefill(PROMPT, CHAIN, false, true);

    assertThat(warm.tokensReused()).isLessThanOrEqualTo(7 * 16);
    assertThat(warm.tokensReused() + warm.tokensComputed()).isEqualTo(PROMPT.length());
    assertThat(warm.nextToken()).isEqualTo(cold.nextToken());
  }

  @Test
  void ofAStoreThatCannotBeAskedAllIsComputed() {
    PrefillResponse cold = prefill(PROMPT, List.of(), true, true);
    PEERS.failGets(ErrorCode.DEPENDENCY_UNAVAILABLE);
    PrefillResponse answer = prefill(PROMPT, CHAIN, true, true);
    assertThat(answer.tokensComputed()).isEqualTo(PROMPT.length());
    assertThat(answer.prefixMissing()).isEqualTo(CHAIN);
    assertThat(answer.nextToken()).isEqualTo(cold.nextToken());
  }

  @Test
  void noStateIsStoredWithoutTheKvBeforeIt() {
    PEERS.failPutsAfter(3, ErrorCode.STORAGE_FULL);
    PrefillResponse answer = prefill(PROMPT, List.of(), true, false);
    FragmentKey state = new FragmentKey(CHAIN.get(1), Slice.parse("state.0-3.0of1"));
    assertThat(PEERS.fragments())
        .containsOnlyKeys(
            new FragmentKey(CHAIN.get(0), Slice.parse("attn.0-3.0of1")),
            new FragmentKey(CHAIN.get(1), Slice.parse("attn.0-3.0of1")),
            state);
    assertThat(requireNonNull(answer.unstored()).keys()).hasSize(5 + 3).doesNotContain(state);
    assertThat(requireNonNull(answer.states()).getFirst().digest()).isNotNull();
    assertThat(requireNonNull(answer.states()).getLast().digest()).isNull();
  }

  @Test
  void whateverIsStoredTheLongestUsablePrefixIsReused() {
    PrefillResponse cold = prefill(PROMPT, List.of(), true, true);
    Map<FragmentKey, Frame> all = Map.copyOf(PEERS.fragments());
    Seeds.forAll(
        60,
        random -> {
          PEERS.fragments().clear();
          PEERS.fragments().putAll(all);
          PEERS.fragments().keySet().removeIf(key -> isLost(random, key));
          int asked = random.nextInt(CHAIN.size() + 1);
          PrefillResponse warm = prefill(PROMPT, CHAIN.subList(0, asked), false, true);
          int usable = usable(asked);
          assertThat(warm.tokensReused()).isEqualTo(usable * 16);
          assertThat(warm.tokensComputed()).isEqualTo(PROMPT.length() - usable * 16);
          assertThat(warm.prefixMissing()).isEqualTo(CHAIN.subList(usable, asked));
          assertThat(warm.nextToken()).isEqualTo(cold.nextToken());
        });
  }

  private static boolean isLost(RandomGenerator random, FragmentKey key) {
    return random.nextInt(key.slice().kind() == Slice.Kind.STATE ? 2 : 12) == 0;
  }

  /** The hybrid rule, tried from the longest prefix down. */
  private static int usable(int asked) {
    for (int end = asked; end > 0; end--) {
      boolean hasState =
          PEERS
              .fragments()
              .containsKey(new FragmentKey(CHAIN.get(end - 1), Slice.parse("state.0-3.0of1")));
      boolean hasKv =
          CHAIN.subList(0, end).stream()
              .allMatch(hash ->
                  PEERS
                      .fragments()
                      .containsKey(new FragmentKey(hash, Slice.parse("attn.0-3.0of1"))));
      if (hasState && hasKv) {
        return end;
      }
    }
    return 0;
  }

  private static void damage(Damage damage, FragmentKey key) {
    Frame other = damage.apply(requireNonNull(PEERS.fragments().remove(key)));
    if (other != null) {
      PEERS.fragments().put(key, other);
    }
  }
}
