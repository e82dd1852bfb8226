package io.membrane.scheduler.simulation.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.membrane.scheduler.throughput.EmpiricalLengths;
import io.membrane.scheduler.throughput.LengthClasses;
import io.membrane.scheduler.throughput.LogNormalLengths;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TrafficSourceTest {

  private static final Prompts PROMPTS = new Prompts.Sampled(EmpiricalLengths.of(100), 10);

  private static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  private static TrafficSource source(Traffic traffic) {
    return new TrafficSource(traffic, random(1), random(2), random(3));
  }

  private static double[] gaps(Arrivals arrivals, int n) {
    TrafficSource source = source(Traffic.of(arrivals, PROMPTS));
    double[] gaps = new double[n];
    double last = 0;
    for (int i = 0; i < n; i++) {
      assertThat(source.next()).isTrue();
      gaps[i] = source.seconds() - last;
      last = source.seconds();
    }
    return gaps;
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  private static double variation(double[] values) {
    double mean = mean(values);
    double variance =
        Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    return Math.sqrt(variance) / mean;
  }

  @Test
  void steadyArrivalsHaveEqualGaps() {
    assertThat(gaps(new Arrivals.Steady(4), 100)).containsOnly(new double[] {0.25}, within(1e-9));
  }

  @Test
  void gapsOfPoissonArrivalsAreExponential() {
    double[] gaps = gaps(new Arrivals.Poisson(4), 200_000);
    assertThat(mean(gaps)).isCloseTo(0.25, withinPercentage(1));
    assertThat(variation(gaps)).isCloseTo(1, within(0.02));
  }

  @Test
  void burstsHaveTheirMeanRateAndVaryMore() {
    Arrivals.Bursts bursts = new Arrivals.Bursts(2, 5, 10, 30);
    double[] gaps = gaps(bursts, 400_000);
    assertThat(bursts.meanRps()).isEqualTo(4);
    assertThat(1 / mean(gaps)).isCloseTo(4, withinPercentage(3));
    assertThat(variation(gaps)).isGreaterThan(1.2);
  }

  @Test
  void aShiftChangesRateAndLengthsFromItsMomentOn() {
    TrafficSource source =
        source(
            new Traffic(
                new Arrivals.Steady(1),
                PROMPTS,
                List.of(new LoadShift(10, 4, 2), new LoadShift(20, 1, 1))));
    int[] arrivals = new int[3];
    while (source.next() && source.seconds() < 30) {
      int phase = (int) (source.seconds() / 10);
      arrivals[phase]++;
      if (source.seconds() % 10 != 0) {
        assertThat(source.inputTokens()).isEqualTo(phase == 1 ? 200 : 100);
      }
    }
    assertThat(arrivals[0]).isBetween(9, 10);
    assertThat(arrivals[1]).isBetween(39, 41);
    assertThat(arrivals[2]).isBetween(9, 11);
  }

  @Test
  void sampledLengthsAreThoseOfTheDistribution() {
    LogNormalLengths lengths = LogNormalLengths.of(9.9, 1, 128, 131_072);
    TrafficSource source =
        source(Traffic.of(new Arrivals.Steady(1), new Prompts.Sampled(lengths, 10)));
    int n = 200_000;
    double sum = 0;
    int above = 0;
    for (int i = 0; i < n; i++) {
      source.next();
      sum += source.inputTokens();
      above += source.inputTokens() > 19_400 ? 1 : 0;
    }
    assertThat(sum / n).isCloseTo(lengths.mean(), withinPercentage(1));
    assertThat(above / (double) n).isCloseTo(0.49572, within(0.005));
  }

  @Test
  void classMeansAreEvenlyInterleaved() {
    TrafficSource source =
        source(
            Traffic.of(
                new Arrivals.Steady(1),
                new Prompts.ClassMeans(new LengthClasses(0.3, 1000, 10), 5)));
    int longs = 0;
    for (int i = 1; i <= 1000; i++) {
      source.next();
      longs += source.inputTokens() == 1000 ? 1 : 0;
      assertThat(longs).isBetween((int) Math.floor(0.3 * i) - 1, (int) Math.ceil(0.3 * i));
    }
    assertThat(longs).isBetween(299, 300);
  }

  @Test
  void aReplayIsAsFastAsItIsToldAndEndsWithTheTrace() {
    Trace trace =
        new Trace(
            List.of(
                new Trace.Request(5000, 700, 20, new int[] {8, 9}),
                new Trace.Request(9000, 100, 0, new int[] {})));
    TrafficSource source =
        source(Traffic.of(new Arrivals.Replay(trace, 2), new Prompts.OfTrace(trace)));
    assertThat(source.next()).isTrue();
    assertThat(source.seconds()).isZero();
    assertThat(source.inputTokens()).isEqualTo(700);
    assertThat(source.next()).isTrue();
    assertThat(source.seconds()).isEqualTo(2);
    assertThat(source.outputTokens()).isEqualTo(1);
    assertThat(source.number()).isEqualTo(1);
    assertThat(source.next()).isFalse();
  }

  static Stream<ThrowingCallable> impossible() {
    Trace trace = new Trace(List.of(new Trace.Request(0, 1, 1, new int[0])));
    Trace other = new Trace(List.of(new Trace.Request(0, 1, 1, new int[0])));
    List<LoadShift> shift = List.of(new LoadShift(1, 2, 2));
    return Stream.of(
        () -> new Arrivals.Poisson(0),
        () -> new Arrivals.Poisson(Double.NaN),
        () -> new Arrivals.Steady(Double.POSITIVE_INFINITY),
        () -> new Arrivals.Bursts(1, 0.5, 1, 1),
        () -> new Arrivals.Bursts(1, 2, 0, 1),
        () -> new Arrivals.Bursts(1e6, 2, 1, 1),
        () -> new Arrivals.Replay(trace, 0),
        () -> new Prompts.Sampled(EmpiricalLengths.of(1), 0),
        () -> new Prompts.Sampled(EmpiricalLengths.of(1), Double.NaN),
        () -> new LoadShift(-1, 1, 1),
        () -> new LoadShift(0, 0, 1),
        () -> new LoadShift(0, 1, Double.NaN),
        () -> new Traffic(new Arrivals.Replay(trace, 1), PROMPTS, shift),
        () -> new Traffic(new Arrivals.Poisson(1), new Prompts.OfTrace(trace), shift),
        () -> Traffic.of(new Arrivals.Replay(trace, 1), new Prompts.OfTrace(other)),
        () ->
            new Traffic(
                new Arrivals.Poisson(1),
                PROMPTS,
                List.of(new LoadShift(5, 1, 1), new LoadShift(5, 2, 1))));
  }

  @ParameterizedTest
  @MethodSource("impossible")
  void impossibleTrafficIsRefused(ThrowingCallable traffic) {
    assertThatThrownBy(traffic)
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .hasSizeGreaterThan(20);
  }
}
