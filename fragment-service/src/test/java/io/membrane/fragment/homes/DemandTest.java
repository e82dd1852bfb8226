package io.membrane.fragment.homes;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DemandTest {

  private final AtomicLong nanos = new AtomicLong();
  private final Demand<Integer> demand = new Demand<>(nanos::get);

  @Test
  void anEighthQuestionWithinTenSecondsMakesACopyWanted() {
    for (int i = 1; i < Demand.OFTEN; i++) {
      demand.count(1);
      assertThat(demand.isWanted(1)).isFalse();
    }
    demand.count(1);
    assertThat(demand.isWanted(1)).isTrue();
    assertThat(demand.isWanted(2)).isFalse();
  }

  @Test
  void whatIsAskedForNowAndThenIsNeverWanted() {
    for (int i = 0; i < 1000; i++) {
      demand.count(1);
      nanos.addAndGet(Duration.ofSeconds(2).toNanos());
      assertThat(demand.isWanted(1)).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void countsAreThoseOfTheWindowThatTheFirstQuestionOpened(long seed) {
    Random random = new Random(seed);
    Map<Integer, long[]> oracle = new HashMap<>();
    for (int step = 0; step < 5_000; step++) {
      nanos.addAndGet(random.nextLong(Duration.ofMillis(300).toNanos()));
      int name = random.nextInt(8);
      long now = nanos.get();
      long[] window = oracle.get(name);
      if (window == null || now - window[0] >= Duration.ofSeconds(10).toNanos()) {
        window = new long[] {now, 0};
        oracle.put(name, window);
      }
      assertThat(demand.isWanted(name)).isEqualTo(window[1] >= Demand.OFTEN);
      demand.count(name);
      window[1]++;
    }
  }
}
