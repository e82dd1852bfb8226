package io.membrane.scheduler.throughput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.Seeds;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LengthsTest {

  private static final LogNormalLengths CASE_STUDY = LogNormalLengths.of(9.9, 1.0, 128, 131_072);

  @Test
  void theCaseStudyHasTheFiguresOfTheDesign() {
    LengthClasses classes = CASE_STUDY.split(19_400);

    assertThat(CASE_STUDY.mean()).isCloseTo(27_485.7, within(0.05));
    assertThat(classes.offloaded()).isCloseTo(0.49572, within(5e-6));
    assertThat(classes.longTokens()).isCloseTo(45_045.6, within(0.05));
    assertThat(classes.shortTokens()).isCloseTo(10_223.5, within(0.1));
    assertThat(CASE_STUDY.quantile(0.9)).isCloseTo(62_410, within(1.0));
  }

  /** Golden values: numeric integration of the density with SciPy's quad. */
  @ParameterizedTest
  @CsvSource({
    "500,   0.9998825457057188,  27488.865824917582, 402.66753301462745",
    "5000,  0.9140762301253459,  29751.047192402817, 3386.2501034521933",
    "19400, 0.4957233360466844,  45045.64048332743,  10223.572947771048",
    "60000, 0.10863196897214512, 84448.08073977522,  20543.616677314694"
  })
  void theClosedFormIsTheIntegral(double t, double p, double longTokens, double shortTokens) {
    LengthClasses classes = CASE_STUDY.split(t);

    assertThat(classes.offloaded()).isCloseTo(p, within(1e-9));
    assertThat(classes.longTokens()).isCloseTo(longTokens, within(1e-6 * longTokens));
    assertThat(classes.shortTokens()).isCloseTo(shortTokens, within(1e-6 * shortTokens));
  }

  @Test
  void theClosedFormIsTheIntegralForAnyParameters() {
    Seeds.forAll(
        40,
        random -> {
          double mu = random.nextDouble(6, 11);
          double sigma = random.nextDouble(0.2, 2);
          double min = Math.exp(mu - random.nextDouble(0.5, 3) * sigma);
          double max = Math.exp(mu + random.nextDouble(0.5, 3) * sigma);
          LogNormalLengths lengths =
              LogNormalLengths.of(mu, sigma, Math.max(1, min), Math.max(2, max));
          double t = random.nextDouble(lengths.min(), lengths.max());
          LengthClasses classes = lengths.split(t);
          double above = mass(lengths, mu, sigma, t, lengths.max(), 0);
          double below = mass(lengths, mu, sigma, lengths.min(), t, 0);
          assertThat(classes.offloaded()).isCloseTo(above / (above + below), within(1e-6));
          assertThat(classes.longTokens())
              .isCloseTo(
                  mass(lengths, mu, sigma, t, lengths.max(), 1) / above,
                  within(1e-5 * lengths.max()));
          assertThat(classes.shortTokens())
              .isCloseTo(
                  mass(lengths, mu, sigma, lengths.min(), t, 1) / below,
                  within(1e-5 * lengths.max()));
        });
  }

  /** ∫ exp(−(u − μ)²/2σ²) · e^(power·u) du over u = ln l, by Simpson's rule. */
  private static double mass(
      LogNormalLengths lengths, double mu, double sigma, double from, double to, int power) {
    int steps = 2000;
    double a = Math.log(Math.max(from, lengths.min()));
    double h = (Math.log(to) - a) / steps;
    double sum = 0;
    for (int i = 0; i <= steps; i++) {
      double u = a + i * h;
      double z = (u - mu) / sigma;
      double weight = i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2;
      sum += weight * Math.exp(-z * z / 2 + power * u);
    }
    return sum * h / 3;
  }

  @Test
  void splitAgreesWithWhatItIsMadeOf() {
    Seeds.forAll(
        100,
        random -> {
          double t = random.nextDouble(0, 140_000);
          LengthClasses classes = CASE_STUDY.split(t);
          double p = CASE_STUDY.fractionAbove(t);
          assertThat(classes.offloaded()).isEqualTo(p);
          assertThat(p * classes.longTokens() + (1 - p) * classes.shortTokens())
              .isCloseTo(CASE_STUDY.mean(), within(1e-3));
        });
  }

  @Test
  void atTheEndsOneClassIsEmptyAndTheOtherIsEverything() {
    assertThat(CASE_STUDY.split(127)).isEqualTo(new LengthClasses(1, CASE_STUDY.mean(), 128));
    assertThat(CASE_STUDY.split(131_072))
        .isEqualTo(new LengthClasses(0, 131_072, CASE_STUDY.mean()));
    assertThat(CASE_STUDY.quantile(0)).isEqualTo(128);
    assertThat(CASE_STUDY.quantile(1)).isEqualTo(131_072);
  }

  @Test
  void aQuantileIsTheInverseOfTheDistribution() {
    for (double q = 0.01; q < 1; q += 0.01) {
      assertThat(1 - CASE_STUDY.fractionAbove(CASE_STUDY.quantile(q))).isCloseTo(q, within(1e-9));
    }
  }

  @Test
  void seenLengthsAreCountedAsANaiveCountDoes() {
    Seeds.forAll(
        100,
        random -> {
          int[] seen = random.ints(random.nextInt(1, 60), 1, 40).toArray();
          EmpiricalLengths lengths = EmpiricalLengths.of(seen);
          assertThat(lengths.mean()).isCloseTo(mean(seen), within(1e-9));
          for (int t = 0; t <= 41; t++) {
            int border = t;
            int[] above = Arrays.stream(seen).filter(l -> l > border).toArray();
            int[] upTo = Arrays.stream(seen).filter(l -> l <= border).toArray();
            LengthClasses classes = lengths.split(t);
            assertThat(classes.offloaded())
                .isCloseTo((double) above.length / seen.length, within(1e-12));
            if (above.length > 0) {
              assertThat(classes.longTokens()).isCloseTo(mean(above), within(1e-9));
            }
            if (upTo.length > 0) {
              assertThat(classes.shortTokens()).isCloseTo(mean(upTo), within(1e-9));
            }
          }
          int[] sorted = Arrays.stream(seen).sorted().toArray();
          assertThat(lengths.min()).isEqualTo(sorted[0]);
          assertThat(lengths.max()).isEqualTo(sorted[sorted.length - 1]);
          assertThat(lengths.quantile(0)).isEqualTo(sorted[0]);
          assertThat(lengths.quantile(1)).isEqualTo(sorted[sorted.length - 1]);
          double q = random.nextDouble(0.02, 0.98);
          assertThat(lengths.quantile(q))
              .isEqualTo(sorted[(int) Math.ceil(q * sorted.length - 1e-12) - 1]);
        });
  }

  private static double mean(int[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  @Test
  void weightsCountAsManyTimes() {
    EmpiricalLengths weighted = EmpiricalLengths.ofWeights(Map.of(10, 3.0, 50, 1.0, 70, 0.0));
    EmpiricalLengths seen = EmpiricalLengths.of(10, 10, 10, 50);

    for (int t = 0; t < 80; t++) {
      assertThat(weighted.split(t)).isEqualTo(seen.split(t));
    }
    assertThat(weighted.max()).isEqualTo(50);
  }

  @Test
  void whatIsNoDistributionIsRefused() {
    refused("at least one length", () -> EmpiricalLengths.of());
    refused("at least 1 token", () -> EmpiricalLengths.of(3, 0));
    refused("weight of length 3", () -> EmpiricalLengths.ofWeights(Map.of(3, Double.NaN)));
    refused("weight of length 3", () -> EmpiricalLengths.ofWeights(Map.of(3, -1.0)));
    refused("at least one length", () -> EmpiricalLengths.ofWeights(Map.of(3, 0.0)));
    refused("sigma", () -> LogNormalLengths.of(9, 0, 1, 10));
    refused("sigma", () -> LogNormalLengths.of(9, Double.NaN, 1, 10));
    refused("mu", () -> LogNormalLengths.of(Double.NaN, 1, 1, 10));
    refused("shortest", () -> LogNormalLengths.of(9, 1, 0, 10));
    refused("longest", () -> LogNormalLengths.of(9, 1, 10, 10));
    refused("longest", () -> LogNormalLengths.of(9, 1, 10, Double.POSITIVE_INFINITY));
    refused("almost nothing", () -> LogNormalLengths.of(0, 0.1, 1e6, 1e7));
  }

  private static void refused(String reason, Runnable made) {
    assertThatThrownBy(made::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }
}
