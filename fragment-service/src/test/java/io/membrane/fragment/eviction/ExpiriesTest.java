package io.membrane.fragment.eviction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ExpiriesTest {

  @Test
  void endsKeysInTheOrderOfTheirEnds() {
    Seeds.forAll(
        50,
        random -> {
          Expiries<Integer> expiries = new Expiries<>();
          Map<Integer, Instant> naive = new HashMap<>();
          for (int i = 0; i < 1_000; i++) {
            int key = random.nextInt(30);
            Instant at = Instant.ofEpochSecond(i + random.nextInt(50), key);
            switch (random.nextInt(4)) {
              case 0 -> {
                expiries.remove(key);
                naive.remove(key);
              }
              case 1 -> {
                Instant now = Instant.ofEpochSecond(i);
                Optional<Integer> first =
                    naive.entrySet().stream()
                        .filter(e -> !e.getValue().isAfter(now))
                        .min(Comparator.comparing(Map.Entry<Integer, Instant>::getValue))
                        .map(Map.Entry::getKey);
                assertThat(Optional.ofNullable(expiries.poll(now))).isEqualTo(first);
                first.ifPresent(naive::remove);
              }
              default -> {
                expiries.put(key, at);
                naive.put(key, at);
              }
            }
            assertThat(expiries.size()).isEqualTo(naive.size());
            assertThat(expiries.records()).isLessThanOrEqualTo(2 * naive.size() + 16);
          }
        });
  }

  @Test
  void anEndThatIsNowHasCome() {
    Expiries<String> expiries = new Expiries<>();
    expiries.put("key", Instant.EPOCH);
    assertThat(expiries.poll(Instant.EPOCH.minusNanos(1))).isNull();
    assertThat(expiries.poll(Instant.EPOCH)).isEqualTo("key");
    assertThat(expiries.poll(Instant.MAX)).isNull();
  }
}
