package io.membrane.scheduler.throughput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.Seeds;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Golden values come from SciPy:
 *
 * <pre>
 * import numpy as np
 * from scipy.interpolate import PchipInterpolator
 * def golden(tokens, values, at):
 *     return np.exp(PchipInterpolator(np.log(tokens), np.log(values))(np.log(at)))
 * </pre>
 */
class TableCurveTest {

  private static final TableCurve H200 =
      TableCurve.of(
          new double[] {1024, 8192, 32_000, 130_000}, new double[] {0.44, 0.72, 1.84, 7.40});

  /** Goes down, stays level, goes up, down, up. */
  private static final TableCurve BUMPY =
      TableCurve.of(
          new double[] {100, 1000, 2000, 5000, 9000, 50_000}, new double[] {5, 3, 3, 8, 2, 40});

  @ParameterizedTest
  @CsvSource({
    "2000, 0.47046458152062665",
    "4096, 0.5663358200391132",
    "8192, 0.72",
    "12345, 0.885424869612473",
    "20000, 1.2545147473896483",
    "45045.6, 2.4701296341608208",
    "100000, 5.512759468278579"
  })
  void aMonotoneTableIsReadAsSciPyReadsIt(double tokens, double seconds) {
    assertThat(H200.at(tokens)).isCloseTo(seconds, within(1e-12 * seconds));
  }

  @ParameterizedTest
  @CsvSource({
    "150, 4.303816325589855",
    "1000, 3",
    "1500, 3",
    "3000, 4.503313935893409",
    "7000, 3.4442797824832065",
    "9999, 2.0066914612988627",
    "40000, 15.466515272336846"
  })
  void aTableWithTurnsIsReadAsSciPyReadsIt(double tokens, double value) {
    assertThat(BUMPY.at(tokens)).isCloseTo(value, within(1e-12 * value));
  }

  @Test
  void twoRowsAreAPowerLaw() {
    TableCurve square = TableCurve.of(new double[] {1, 1000}, new double[] {1, 1e6});

    assertThat(square.at(30)).isCloseTo(900, within(1e-9));
    assertThat(square.at(10_000)).isCloseTo(1e8, within(1e-3));
  }

  @Test
  void belowTheFirstRowItsValueHoldsAndAboveTheLastThePowerLawGoesOn() {
    assertThat(H200.at(0)).isEqualTo(0.44);
    assertThat(H200.at(1023)).isEqualTo(0.44);
    double slope = Math.log(H200.at(260_000) / H200.at(130_000)) / Math.log(2);
    assertThat(Math.log(H200.at(520_000) / H200.at(260_000)) / Math.log(2))
        .isCloseTo(slope, within(1e-12));
    double before = Math.log(H200.at(130_000) / H200.at(129_999)) / Math.log(130_000 / 129_999.0);
    assertThat(slope).isCloseTo(before, within(1e-3));
  }

  @Test
  void betweenTwoRowsAValueNeverLeavesTheirs() {
    Seeds.forAll(
        200,
        random -> {
          int rows = random.nextInt(2, 12);
          double[] tokens = new double[rows];
          double[] values = new double[rows];
          for (int i = 0; i < rows; i++) {
            tokens[i] = (i == 0 ? 0 : tokens[i - 1]) + 1 + random.nextInt(5000);
            values[i] = Math.exp(random.nextDouble(-5, 5));
          }
          TableCurve curve = TableCurve.of(tokens, values);
          for (int i = 0; i < rows - 1; i++) {
            double at = curve.at(random.nextDouble(tokens[i], tokens[i + 1]));
            double low = Math.min(values[i], values[i + 1]);
            double high = Math.max(values[i], values[i + 1]);
            assertThat(at).isBetween(low * (1 - 1e-12), high * (1 + 1e-12));
            assertThat(curve.at(tokens[i])).isCloseTo(values[i], within(1e-12 * values[i]));
          }
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1          | 1       | 2 to 4096 rows",
        "1,2        | 1       | as many values",
        "1,1        | 1,2     | row 1: lengths increase",
        "2,1        | 1,2     | row 1: lengths increase",
        "0,1        | 1,2     | row 0: a length is at least 1",
        "NaN,2      | 1,2     | row 0: a length",
        "1,Infinity | 1,2     | row 1: a length",
        "1,2        | 1,0     | row 1: a value is finite and above 0",
        "1,2        | NaN,1   | row 0: a value",
        "1,2        | 1,-3    | row 1: a value",
      })
  void aTableThatIsNoneIsRefusedWithItsRow(String tokens, String values, String reason) {
    assertThatThrownBy(() -> TableCurve.of(numbers(tokens), numbers(values)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }

  private static double[] numbers(String list) {
    return Arrays.stream(list.split(",")).mapToDouble(Double::parseDouble).toArray();
  }
}
