package io.membrane.scheduler.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.Seeds;
import io.membrane.scheduler.throughput.EmpiricalLengths;
import io.membrane.scheduler.throughput.LengthClasses;
import io.membrane.scheduler.throughput.LengthCurve;
import io.membrane.scheduler.throughput.Lengths;
import io.membrane.scheduler.throughput.LogNormalLengths;
import io.membrane.scheduler.throughput.PolynomialCurve;
import io.membrane.scheduler.throughput.TableCurve;
import io.membrane.scheduler.throughput.Workload;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class EffectiveThresholdTest {

  private static final EffectiveThreshold CASE_STUDY =
      EffectiveThreshold.of(LinkModel.WORKLOAD, LinkModel.KV);

  @Test
  void aShareOfOneIsTheThresholdItself() {
    for (int t : new int[] {0, 127, 128, 19_351, 131_072, 200_000}) {
      assertThat(CASE_STUDY.raise(t, 1)).isEqualTo(t);
    }
  }

  @Test
  void egressIsProportionalToTheShare() {
    double all = LinkModel.offered(LinkModel.THRESHOLD);
    for (double share = 0.01; share < 1; share += 0.01) {
      int raised = CASE_STUDY.raise(LinkModel.THRESHOLD, share);
      assertThat(LinkModel.offered(raised) / all).isCloseTo(share, within(1e-4));
    }
  }

  @Test
  void nothingIsOffloadedAtTheLongestLength() {
    assertThat(CASE_STUDY.raise(LinkModel.THRESHOLD, 0)).isEqualTo(131_072);
    assertThat(CASE_STUDY.raise(140_000, 0)).isEqualTo(140_000);
  }

  @Test
  void aLinearScanFindsTheSame() {
    Seeds.forAll(
        400,
        random -> {
          Lengths lengths = lengths(random);
          LengthCurve kv = kv(random);
          EffectiveThreshold thresholds = EffectiveThreshold.of(new Workload(lengths, 100), kv);
          for (int i = 0; i < 20; i++) {
            int t = random.nextInt((int) lengths.max() + 10);
            double share = random.nextInt(8) == 0 ? 1 : random.nextDouble();
            assertThat(thresholds.raise(t, share))
                .as("t %d, share %s, lengths to %s", t, share, lengths.max())
                .isEqualTo(scan(lengths, kv, t, share));
          }
        });
  }

  @Test
  void aSmallerShareNeverLowersTheThreshold() {
    int last = LinkModel.THRESHOLD;
    for (double share = 1; share > 0; share -= 0.003) {
      int raised = CASE_STUDY.raise(LinkModel.THRESHOLD, share);
      assertThat(raised).isGreaterThanOrEqualTo(last);
      last = raised;
    }
  }

  @Test
  void whatIsNoShareOrThresholdIsRefused() {
    assertThatThrownBy(() -> CASE_STUDY.raise(-1, 0.5)).hasMessageContaining("-1");
    assertThatThrownBy(() -> CASE_STUDY.raise(1, 1.5)).hasMessageContaining("1.5");
    assertThatThrownBy(() -> CASE_STUDY.raise(1, Double.NaN)).hasMessageContaining("NaN");
  }

  private static int scan(Lengths lengths, LengthCurve kv, int t, double share) {
    double target = share * offered(lengths, kv, t);
    int raised = t;
    while (raised < lengths.max() && share < 1 && offered(lengths, kv, raised) > target) {
      raised++;
    }
    return raised;
  }

  private static double offered(Lengths lengths, LengthCurve kv, int t) {
    LengthClasses classes = lengths.split(t);
    return classes.offloaded() == 0 ? 0 : classes.offloaded() * kv.at(classes.longTokens());
  }

  private static Lengths lengths(RandomGenerator random) {
    int min = 1 + random.nextInt(50);
    return random.nextBoolean()
        ? EmpiricalLengths.of(random.ints(1 + random.nextInt(30), min, 2000).toArray())
        : LogNormalLengths.of(4 + 2 * random.nextDouble(), 1, min, min + 1 + random.nextInt(2000));
  }

  private static LengthCurve kv(RandomGenerator random) {
    return switch (random.nextInt(3)) {
      case 0 -> PolynomialCurve.of(1e6 * random.nextDouble(), 1 + 1000 * random.nextDouble());
      case 1 -> PolynomialCurve.of(0.0, 0.0, 1.0);
      default ->
          TableCurve.of(
              new double[] {1, 100, 1000},
              new double[] {
                1 + random.nextDouble(), 1 + 50 * random.nextDouble(), 1 + 10 * random.nextDouble()
              });
    };
  }
}
