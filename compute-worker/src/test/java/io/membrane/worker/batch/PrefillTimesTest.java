package io.membrane.worker.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.Seeds;
import io.membrane.worker.batch.PrefillTimes.Point;
import org.junit.jupiter.api.Test;

class PrefillTimesTest {

  private final PrefillTimes times = new PrefillTimes();

  @Test
  void withoutAMeasurementNothingIsForeseen() {
    assertThat(times.points()).isEmpty();
    assertThat(times.millis(0, 1000)).isZero();
  }

  @Test
  void timesLieBetweenTheirNeighboursAndGoOnAsTheLast() {
    times.measured(256, 100);
    times.measured(1024, 700);
    assertThat(times.points()).containsExactly(new Point(256, 100), new Point(1024, 700));
    assertThat(times.millis(0, 128)).isCloseTo(50, within(1e-9));
    assertThat(times.millis(0, 640)).isCloseTo(400, within(1e-9));
    assertThat(times.millis(256, 1024)).isCloseTo(600, within(1e-9));
    assertThat(times.millis(0, 2048)).isCloseTo(1400, within(1e-9));
    assertThat(times.millis(2048, 2048)).isZero();
  }

  @Test
  void newMeasurementsMoveAPointSlowly() {
    times.measured(256, 100);
    times.measured(256, 200);
    assertThat(times.points()).containsExactly(new Point(256, 120));
  }

  @Test
  void whatIsNoMeasurementIsLeftOut() {
    times.measured(0, 10);
    times.measured(10, 0);
    times.measured(10, Double.NaN);
    times.measured(10, Double.POSITIVE_INFINITY);
    assertThat(times.points()).isEmpty();
  }

  @Test
  void lengthsIncreaseWhateverIsMeasured() {
    Seeds.forAll(
        50,
        random -> {
          PrefillTimes any = new PrefillTimes();
          for (int i = 0; i < 300; i++) {
            any.measured(
                1 + random.nextInt(1 << (1 + random.nextInt(20))), random.nextDouble(1, 1e5));
          }
          assertThat(any.points().stream().map(Point::tokens).toList())
              .isSorted()
              .doesNotHaveDuplicates();
        });
  }
}
