package io.membrane.worker.prefill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.Seeds;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SnapshotRuleTest {

  @Test
  void aPromptHasOneAtEveryFourthBlockAndAtItsLast() {
    assertThat(ends(new SnapshotRule(4, 8), 0, 10)).containsExactly(4, 8, 10);
    assertThat(ends(new SnapshotRule(4, 8), 5, 10)).containsExactly(8, 10);
    assertThat(ends(new SnapshotRule(4, 8), 0, 8)).containsExactly(4, 8);
    assertThat(ends(new SnapshotRule(4, 8), 0, 3)).containsExactly(3);
    assertThat(ends(new SnapshotRule(4, 8), 3, 3)).isEmpty();
  }

  @Test
  void aLongPromptHasThemFurtherApart() {
    assertThat(ends(new SnapshotRule(4, 2), 0, 20)).containsExactly(8, 16, 20);
    assertThat(ends(new SnapshotRule(4, 2), 12, 20)).containsExactly(16, 20);
  }

  @Test
  void thereAreNeverMoreThanTheLimitAndTheLastAndEachIsAMultiple() {
    Seeds.forAll(
        2000,
        random -> {
          SnapshotRule rule = new SnapshotRule(random.nextInt(1, 40), random.nextInt(1, 20));
          int total = random.nextInt(1, 3000);
          int reused = random.nextInt(total);
          List<Integer> ends = ends(rule, reused, total);
          assertThat(ends).isSorted().doesNotHaveDuplicates().endsWith(total);
          assertThat(ends.size()).isLessThanOrEqualTo(rule.limit() + 1);
          assertThat(ends.subList(0, ends.size() - 1)).allMatch(end -> end % rule.every() == 0);
        });
  }

  @Test
  void aRuleOfNothingIsRefused() {
    assertThatThrownBy(() -> new SnapshotRule(0, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new SnapshotRule(1, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  private static List<Integer> ends(SnapshotRule rule, int reused, int total) {
    List<Integer> ends = new ArrayList<>();
    for (int done = reused; done < total; ) {
      done = rule.next(reused, done, total);
      ends.add(done);
    }
    return ends;
  }
}
