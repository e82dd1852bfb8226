package io.membrane.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HedgingTest {

  private static final long MILLI = 1_000_000;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  @Test
  void theDelayIsThatWhichFewRecentRequestsExceeded() {
    Seeds.forAll(
        50,
        random -> {
          Hedging hedging = new Hedging(null, 0.05, "hedges", meters);
          List<Long> heard = new ArrayList<>();
          for (int i = 0; i < 16 + random.nextInt(400); i++) {
            long silence = MILLI * (20 + random.nextInt(1000));
            heard.add(silence);
            hedging.heard(silence);
          }
          List<Long> recent = heard.subList(Math.max(0, heard.size() - 128), heard.size());
          long slower = recent.stream().filter(s -> s > hedging.delayNanos()).count();
          assertThat(slower).isBetween(recent.size() / 40L, 1 + recent.size() / 15L);
        });
  }

  @Test
  void theDelayStaysWithinBoundsAndIsNotGuessedFromFew() {
    Hedging hedging = new Hedging(null, 0.05, "hedges", meters);
    assertThat(hedging.delayNanos()).isEqualTo(500 * MILLI);
    for (int i = 0; i < 200; i++) {
      hedging.heard(1);
    }
    assertThat(hedging.delayNanos()).isEqualTo(20 * MILLI);
    for (int i = 0; i < 200; i++) {
      hedging.heard(60_000 * MILLI);
    }
    assertThat(hedging.delayNanos()).isEqualTo(2000 * MILLI);
    assertThat(new Hedging(Duration.ofMillis(7), 1, "hedges", meters).delayNanos())
        .isEqualTo(7 * MILLI);
  }

  @Test
  void noMoreThanTheShareIsSentTwice() {
    Hedging hedging = new Hedging(null, 0.05, "hedges", meters);
    int permitted = 0;
    for (int i = 0; i < 1000; i++) {
      hedging.sent();
      permitted += hedging.permits() ? 1 : 0;
    }
    assertThat(permitted).isBetween(45, 51);
    assertThat(new Hedging(null, 0, "hedges", meters).permits()).isFalse();
  }
}
