package io.membrane.scheduler.simulation.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LinkWeatherTest {

  private static RandomGenerator random() {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(11);
  }

  @Test
  void anIdealLinkNeverChanges() {
    LinkWeather weather = new LinkWeather(LinkBehaviour.IDEAL, "a", random());
    assertThat(weather.nextChange(0)).isInfinite();
    assertThat(weather.rateFactor(5)).isEqualTo(1);
    assertThat(weather.lossRate()).isZero();
  }

  @Test
  void theRateFluctuatesRoundItsMeanWithTheGivenVariationAndCorrelation() {
    LinkBehaviour behaviour = new LinkBehaviour(new Fluctuation(0.3, 1, 0.8), Loss.NONE, List.of());
    LinkWeather weather = new LinkWeather(behaviour, "a", random());
    int n = 200_000;
    double[] factor = new double[n];
    double now = 0;
    for (int i = 0; i < n; i++) {
      factor[i] = weather.rateFactor(now);
      assertThat(factor[i]).isPositive();
      now = weather.nextChange(now);
      weather.enter(now);
    }
    double mean = 0;
    for (double f : factor) {
      mean += f / n;
    }
    double variance = 0;
    double covariance = 0;
    for (int i = 1; i < n; i++) {
      variance += (factor[i] - mean) * (factor[i] - mean) / n;
      covariance += (factor[i] - mean) * (factor[i - 1] - mean) / n;
    }
    assertThat(mean).isCloseTo(1, within(0.01));
    assertThat(Math.sqrt(variance)).isCloseTo(0.3, within(0.01));
    assertThat(covariance / variance).isCloseTo(0.8, within(0.02));
  }

  @Test
  void badAndGoodStatesLastAsLongAsTheyShouldInTheMean() {
    Loss loss = new Loss.GilbertElliott(0.01, 0.3, 90, 10);
    LinkWeather weather =
        new LinkWeather(new LinkBehaviour(Fluctuation.NONE, loss, List.of()), "a", random());
    double now = 0;
    double bad = 0;
    for (int i = 0; i < 20_000; i++) {
      double next = weather.nextChange(now);
      bad += weather.lossRate() == 0.3 ? next - now : 0;
      now = next;
      weather.enter(now);
    }
    assertThat(bad / now).isCloseTo(0.1, within(0.005));
  }

  @Test
  void anOutageOfOneClusterIsNotOneOfAnother() {
    LinkBehaviour behaviour =
        new LinkBehaviour(Fluctuation.NONE, Loss.NONE, List.of(new Outage("a", 10, 20)));
    LinkWeather a = new LinkWeather(behaviour, "a", random());
    LinkWeather b = new LinkWeather(behaviour, "b", random());
    assertThat(a.nextChange(0)).isEqualTo(10);
    assertThat(a.nextChange(10)).isEqualTo(20);
    assertThat(a.rateFactor(10)).isZero();
    assertThat(a.rateFactor(20)).isEqualTo(1);
    assertThat(b.nextChange(0)).isInfinite();
  }

  static Stream<ThrowingCallable> impossible() {
    return Stream.of(
        () -> new Fluctuation(Double.NaN, 1, 0),
        () -> new Fluctuation(-1, 1, 0),
        () -> new Fluctuation(0.1, 0, 0),
        () -> new Fluctuation(0.1, 1, 1),
        () -> new Loss.Constant(1),
        () -> new Loss.Constant(Double.NaN),
        () -> new Loss.GilbertElliott(0, 0.1, 0, 1),
        () -> new Outage("a", 5, 5),
        () -> new Outage("a", -1, 5),
        () -> new Outage("a", 0, Double.POSITIVE_INFINITY));
  }

  @ParameterizedTest
  @MethodSource("impossible")
  void anImpossibleLinkIsRefusedWithWhatToWrite(ThrowingCallable link) {
    assertThatThrownBy(link)
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .containsAnyOf("to ", "at least")
        .contains("not ");
  }
}
