package io.membrane.fragment.eviction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FrequencySketchTest {

  @Test
  void neverSaysLessThanWasCounted() {
    Seeds.forAll(
        20,
        random -> {
          FrequencySketch sketch = new FrequencySketch(1_000, random.nextInt());
          Map<Integer, Integer> exact = new HashMap<>();
          for (int i = 0; i < 19_999; i++) {
            int key = random.nextInt(1 + random.nextInt(10_000));
            int now = sketch.see(key);
            assertThat(now)
                .isGreaterThanOrEqualTo(
                    Math.min(FrequencySketch.MOST, exact.merge(key, 1, Integer::sum)))
                .isEqualTo(sketch.frequency(key));
          }
        });
  }

  @Test
  void isSeldomWrongAboutKeysThatWereNeverSeen() {
    FrequencySketch sketch = new FrequencySketch(1_000, 3);
    for (int key = 0; key < 10_000; key++) {
      sketch.see(key);
    }
    int wrong = 0;
    for (int key = 10_000; key < 20_000; key++) {
      wrong += sketch.frequency(key) > 0 ? 1 : 0;
    }
    assertThat(wrong).isLessThan(1_000);
  }

  @Test
  void halvesWhatItKnows() {
    FrequencySketch sketch = new FrequencySketch(100, 3);
    for (int i = 0; i < FrequencySketch.MOST; i++) {
      sketch.see("old");
    }
    for (int i = FrequencySketch.MOST; i < FrequencySketch.SAMPLE * 100; i++) {
      assertThat(sketch.frequency("old")).isEqualTo(FrequencySketch.MOST);
      sketch.see("new");
    }
    assertThat(sketch.frequency("old")).isEqualTo(FrequencySketch.MOST / 2);
  }

  @Test
  void isOfFixedSize() {
    assertThat(new FrequencySketch(1_000, 1).tableBytes()).isEqualTo(32L * 1_024);
    assertThat(new FrequencySketch(1_025, 1).tableBytes()).isEqualTo(32L * 2_048);
    assertThat(new FrequencySketch(0, 1).tableBytes()).isEqualTo(32L * 64);
  }
}
