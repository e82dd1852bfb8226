package io.membrane.directory.region;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class BackoffTest {

  @Test
  void pausesDoubleUpToTenSecondsAndHalfOfThemIsByChance() {
    Seeds.forAll(
        100,
        random -> {
          Backoff backoff = new Backoff(random);
          assertThat(backoff.after(0)).isBetween(Duration.ofMillis(100), Duration.ofMillis(200));
          for (int failures = 1; failures < 100; failures++) {
            long longest = failures > 6 ? 10_000 : 200L << (failures - 1);
            assertThat(backoff.after(failures).toMillis()).isBetween(longest / 2, longest);
          }
          assertThat(backoff.after(Integer.MAX_VALUE)).isLessThanOrEqualTo(Duration.ofSeconds(10));
        });
  }
}
