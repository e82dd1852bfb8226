package io.membrane.fragment.offheap;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunsTest {

  private static final int SEGMENT = 16;

  @Test
  void keepTheirUnitsInOrderAndEndWhereTheyAreCut() {
    Seeds.forAll(
        100,
        random -> {
          Runs runs = new Runs(SEGMENT);
          List<Integer> oracle = new ArrayList<>();
          for (int i = 0; i < 20; i++) {
            int start = random.nextInt(4 * SEGMENT);
            int length = 1 + random.nextInt(SEGMENT - start % SEGMENT);
            runs.add(start, length);
            addTo(oracle, start, length);
          }
          assertThat(units(runs)).isEqualTo(oracle);
          for (int i = 0; i < oracle.size(); i++) {
            int run = runs.holding(i);
            assertThat(runs.start(run) + i - runs.unitsBefore(run)).isEqualTo(oracle.get(i));
          }
          int kept = random.nextInt(oracle.size() + 1);
          List<Integer> cut = units(runs.cutTo(kept));
          assertThat(units(runs)).isEqualTo(oracle.subList(0, kept));
          assertThat(cut).containsExactlyInAnyOrderElementsOf(oracle.subList(kept, oracle.size()));
        });
  }

  @Test
  void neighboursAreOneRunExceptAcrossSegments() {
    Runs runs = new Runs(SEGMENT);
    runs.add(12, 2);
    runs.add(14, 2);
    assertThat(runs.size()).isOne();
    runs.add(16, 1);
    assertThat(runs.size()).isEqualTo(2);
  }

  private static List<Integer> units(Runs runs) {
    List<Integer> units = new ArrayList<>();
    for (int run = 0; run < runs.size(); run++) {
      addTo(units, runs.start(run), runs.length(run));
    }
    assertThat(runs.units()).isEqualTo(units.size());
    return units;
  }

  private static void addTo(List<Integer> units, int start, int length) {
    for (int unit = start; unit < start + length; unit++) {
      units.add(unit);
    }
  }
}
