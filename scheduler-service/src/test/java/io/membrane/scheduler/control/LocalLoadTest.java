package io.membrane.scheduler.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalLoadTest {

  @ParameterizedTest(name = "{0} busy, {1} waiting for {2}: {3}")
  @CsvSource({
    "0.9, 0,   3, 1",
    "0.9, 6,   3, 1",
    "0.9, 12,  3, 2",
    "1,   4,   3, 1.1111111",
    "NaN, 3,   3, 0.5",
    "0.9, NaN, 3, 1",
    "0,   0,   3, 0",
    "1,   5,   0, Infinity",
  })
  void pressureIsTheWorseOfWhatIsKnown(
      double utilisation, double waiting, int instances, double expected) {
    double pressure = new LocalLoad(utilisation, waiting, instances).pressure(0.9);
    if (Double.isInfinite(expected)) {
      assertThat(pressure).isInfinite();
    } else {
      assertThat(pressure).isCloseTo(expected, within(1e-6));
    }
  }

  @Test
  void nothingKnownIsNoPressure() {
    assertThat(LocalLoad.UNKNOWN.pressure(0.9)).isNaN();
  }

  @Test
  void whatCannotBeMeasuredIsRefused() {
    assertThatThrownBy(() -> new LocalLoad(1.1, 0, 1)).hasMessageContaining("utilisation");
    assertThatThrownBy(() -> new LocalLoad(1, -1, 1)).hasMessageContaining("queue");
    assertThatThrownBy(() -> new LocalLoad(1, 0, -1)).hasMessageContaining("instances");
  }
}
