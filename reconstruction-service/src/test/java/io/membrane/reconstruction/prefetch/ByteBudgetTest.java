package io.membrane.reconstruction.prefetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ByteBudgetTest {

  private final TestClock clock = new TestClock();

  private record Taken(long atMs, long bytes) {}

  @Test
  void whatIsLeftIsGivenInWholePieces() {
    ByteBudget budget = new ByteBudget(100, clock);

    assertThat(budget.take(5, 30)).isEqualTo(3);
    assertThat(budget.take(5, 30)).isZero();
    clock.advance(Duration.ofMillis(200));
    assertThat(budget.take(5, 30)).isEqualTo(1);
  }

  @Test
  void aPieceLargerThanASecondsBytesIsNeverGiven() {
    ByteBudget budget = new ByteBudget(100, clock);
    clock.advance(Duration.ofHours(1));

    assertThat(budget.take(1, 101)).isZero();
    assertThat(budget.take(1, 100)).isEqualTo(1);
  }

  @Test
  void overAnyTimeNoMoreIsGivenThanItsSecondsAndOneMoreAllow() {
    Seeds.forAll(
        100,
        random -> {
          TestClock time = new TestClock();
          long rate = random.nextLong(1, 1001);
          ByteBudget budget = new ByteBudget(rate, time);
          List<Taken> all = new ArrayList<>();
          for (int i = 0; i < 100; i++) {
            time.advance(Duration.ofMillis(random.nextInt(500)));
            long piece = random.nextLong(1, 101);
            all.add(new Taken(time.millis(), piece * budget.take(random.nextInt(20), piece)));
          }
          for (int from = 0; from < all.size(); from++) {
            long bytes = 0;
            for (int to = from; to < all.size(); to++) {
              bytes += all.get(to).bytes();
              double seconds = (all.get(to).atMs() - all.get(from).atMs()) / 1000.0;
              assertThat((double) bytes).isLessThanOrEqualTo(rate * (seconds + 1) + 1e-6);
            }
          }
        });
  }
}
