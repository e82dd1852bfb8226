package io.membrane.worker.prefill;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which tokens are computed. */
class RecomputationTest {

  private static final int TRIES = 500;
  private static final BitSet NONE = new BitSet();

  @Test
  void itIsWhatTheSlowAndPlainRuleSays() {
    Seeds.forAll(
        TRIES,
        random -> {
          int from = random.nextInt(20);
          int to = from + 1 + random.nextInt(60);
          BitSet covered = covered(random, from, to);
          float[] look = look(random, (Math.max(covered.length(), from) - from));
          double share = random.nextInt(5) / 4.0;

          BitSet refused = (BitSet) covered.clone();
          IntStream.range(from, to).filter(t -> random.nextInt(4) > 0).forEach(refused::clear);

          Recomputation chosen = Recomputation.choose(from, to, covered, refused, look, share);

          assertThat(chosen.computed()).isEqualTo(plain(from, to, covered, refused, look, share));
          assertThat(IntStream.range(from, to).filter(chosen::isComputed).toArray())
              .isEqualTo(chosen.computed());
          assertThat(chosen.others().stream()).allMatch(covered::get).allMatch(chosen::isComputed);
        });
  }

  @Test
  void theWholeShareIsAllOfThemAndNoShareOnlyWhatMustBe() {
    BitSet covered = new BitSet();
    covered.set(4, 12);
    float[] look = look(new Random(1), 12);
    assertThat(Recomputation.choose(0, 12, covered, NONE, look, 1).computed()).hasSize(12);
    assertThat(Recomputation.choose(0, 12, covered, NONE, same(12), 0).computed())
        .containsExactly(0, 1, 2, 3, 11);
  }

  @Test
  void theLeadingRunEndsAtTheFirstKeptToken() {
    BitSet covered = new BitSet();
    covered.set(7, 9);
    Recomputation chosen = Recomputation.choose(3, 12, covered, NONE, same(6), 0);
    assertThat(chosen.computed()).containsExactly(3, 4, 5, 6, 9, 10, 11);
    assertThat(chosen.leading(3)).isEqualTo(4);
  }

  @Test
  void valuesThatAreNoNumbersAreAnotherTokens() {
    BitSet covered = new BitSet();
    covered.set(0, 3);
    float[] look = same(3);
    look[Recomputation.COLUMNS] = Float.NaN;
    assertThat(Recomputation.choose(0, 3, covered, NONE, look, 0).others().stream())
        .containsExactly(1);
  }

  /** The ten percent rule and the ranking, token by token. */
  private static int[] plain(
      int from, int to, BitSet covered, BitSet refused, float[] look, double share) {
    TreeSet<Integer> all = new TreeSet<>(List.of(to - 1));
    List<Integer> ranked = new ArrayList<>();
    double k = 0;
    double v = 0;
    for (int t = from; t < to; t++) {
      int at = (t - from) * Recomputation.COLUMNS;
      if (!covered.get(t) || refused.get(t)) {
        all.add(t);
        continue;
      }
      ranked.add(t);
      k += look[at + 5];
      v += look[at + 7];
      if (Math.sqrt(look[at] / look[at + 1]) > 0.1
          || Math.sqrt(look[at + 2] / look[at + 3]) > 0.1) {
        all.add(t);
      }
    }
    double keys = k;
    double values = v;
    ranked.sort(
        Comparator.comparingDouble(
                (Integer t) -> {
                  int at = (t - from) * Recomputation.COLUMNS;
                  return -(look[at + 4] / keys + look[at + 6] / values);
                })
            .thenComparing(t -> t));
    all.addAll(ranked.subList(0, (int) Math.ceil(share * ranked.size())));
    return all.stream().mapToInt(Integer::intValue).toArray();
  }

  private static BitSet covered(RandomGenerator random, int from, int to) {
    BitSet covered = new BitSet();
    IntStream.range(from, to).filter(t -> random.nextInt(3) > 0).forEach(covered::set);
    return covered;
  }

  /** Distances of few values, so that there are ties; one token in six is another one. */
  private static float[] look(RandomGenerator random, int tokens) {
    float[] look = new float[tokens * Recomputation.COLUMNS];
    for (int i = 0; i < look.length; i += 2) {
      boolean first = i % Recomputation.COLUMNS < 4;
      look[i] = first ? random.nextInt(12) == 0 ? 0.5f : 0.001f : random.nextInt(4);
      look[i + 1] = 1 + random.nextInt(3);
    }
    return look;
  }

  private static float[] same(int tokens) {
    float[] look = new float[tokens * Recomputation.COLUMNS];
    IntStream.range(0, look.length).filter(i -> i % 2 == 1).forEach(i -> look[i] = 1);
    return look;
  }
}
