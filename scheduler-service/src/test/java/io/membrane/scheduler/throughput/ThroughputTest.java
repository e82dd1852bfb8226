package io.membrane.scheduler.throughput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ThroughputTest {

  private static final double MIB = 1024 * 1024;
  private static final double EVERYTHING = Double.POSITIVE_INFINITY;

  /** Table 5 of the paper: KV size, prefill latency, KV throughput. */
  @ParameterizedTest
  @CsvSource({"190.8, 0.44, 3.61", "308.9, 0.72, 3.59", "701.3, 1.84, 3.19", "2316.3, 7.40, 2.62"})
  void equation1GivesThePapersKvThroughput(double mib, double seconds, double gbps) {
    assertThat(Throughput.kvThroughputGbps(mib * MIB, seconds)).isCloseTo(gbps, within(0.03));
  }

  @Test
  void equation2IsTheEgressThatKeepsInstancesBusy() {
    assertThat(Throughput.leastEgressGbps(4, 1e9, 2)).isEqualTo(16);
  }

  @Test
  void equation3TakesTheSmallerOfComputeAndLink() {
    assertThat(Throughput.prefillClusterRps(1.5, 8, 1e9)).isEqualTo(1);
    assertThat(Throughput.prefillClusterRps(1.5, 80, 1e9)).isEqualTo(1.5);
  }

  @Test
  void equations4And5CountInstances() {
    assertThat(Throughput.localPrefillRps(3, 2)).isEqualTo(1.5);
    assertThat(Throughput.decodeRps(5, 20, 0.025, 1000)).isEqualTo(4);
    assertThat(new Decode(20, 0.025).rps(1000)).isEqualTo(0.8);
  }

  @Test
  void equation6TakesTheSmallestOfTheStages() {
    assertThat(Throughput.sustainedRps(1, 1, 9, 0.5)).isEqualTo(2);
    assertThat(Throughput.sustainedRps(1, 0.2, 9, 0.5)).isEqualTo(0.4);
    assertThat(Throughput.sustainedRps(1, 1, 1.2, 0.5)).isEqualTo(1.2);
  }

  @Test
  void aProducerThatServesNobodyLimitsNothing() {
    assertThat(Throughput.carriedRps(0, 0)).isEqualTo(EVERYTHING);
    assertThat(Throughput.sustainedRps(0, 3, 9, 0)).isEqualTo(3);
    assertThat(Throughput.sustainedRps(3, 0, 9, 1)).isEqualTo(3);
    assertThat(Throughput.sustainedRps(0, 3, 9, 0.1)).isZero();
  }

  @Test
  void equations7And8AreZeroInBalance() {
    assertThat(Throughput.producerImbalanceRps(1.5, 0.5, 0.75)).isZero();
    assertThat(Throughput.producerImbalanceRps(1.5, 1, 0.75)).isEqualTo(2);
    assertThat(Throughput.stageImbalanceRps(1.5, 2.5, 4)).isZero();
    assertThat(Throughput.stageImbalanceRps(1.5, 2.5, 3)).isEqualTo(1);
  }

  @Test
  void unlikeInstancesOfAClusterAddUpAndShareItsLink() {
    InstanceType fast = type("fast", 1);
    InstanceType slow = type("slow", 4);
    PrefillCluster cluster =
        new PrefillCluster("c", List.of(new Pool(fast, 2), new Pool(slow, 4)), 8, 0);

    assertThat(cluster.computeRps(100)).isEqualTo(3);
    assertThat(cluster.rps(100, 1e8)).isEqualTo(3);
    assertThat(cluster.rps(100, 1e9)).isEqualTo(1);
    assertThat(cluster.instances()).isEqualTo(6);
  }

  @Test
  void impossiblePartsAreRefusedAndSayWhatToWrite() {
    refused("batch", () -> new Decode(0, 1));
    refused("step", () -> new Decode(1, 0));
    refused("step", () -> new Decode(1, Double.NaN));
    refused("GPUs", () -> new InstanceType("x", 0, one(), null, HourlyPrice.FREE));
    refused("instances", () -> new Pool(type("x", 1), -1));
    refused("above 0 Gbps", () -> new PrefillCluster("c", List.of(), 0, 0));
    refused("above 0 Gbps", () -> new PrefillCluster("c", List.of(), Double.NaN, 0));
    refused("price", () -> new PrefillCluster("c", List.of(), 1, -1));
    refused("24", () -> new HourlyPrice(List.of(1.0, 2.0)));
    refused("price", () -> HourlyPrice.constant(Double.NaN));
    refused("tokens", () -> new Workload(EmpiricalLengths.of(1), 0));
    refused("decode", () -> new Fleet(one(), List.of(), "pd", List.of(new Pool(type("x", 1), 3))));
    refused(
        "two clusters",
        () ->
            new Fleet(
                one(),
                List.of(new PrefillCluster("pd", List.of(), 1, 0)),
                "pd",
                List.of(new Pool(type("x", 1), 3))));
    refused("coefficients", () -> new PolynomialCurve(List.of()));
    refused("coefficients", () -> PolynomialCurve.of(1.0, -1.0));
    refused("coefficients", () -> PolynomialCurve.of(Double.POSITIVE_INFINITY));
    refused("above 0", () -> PolynomialCurve.of(0.0, 0.0));
    refused("coefficients", () -> new PolynomialCurve(Collections.nCopies(9, 1.0)));
  }

  @Test
  void aPolynomialIsItsSumAndAPriceItsHour() {
    assertThat(PolynomialCurve.of(1.0, 2.0, 3.0).at(10)).isEqualTo(321);
    List<Double> hours = new ArrayList<>(Collections.nCopies(24, 1.0));
    hours.set(5, 25.0);
    assertThat(new HourlyPrice(hours).mean()).isEqualTo(2);
    assertThat(new HourlyPrice(hours).at(5)).isEqualTo(25);
  }

  private static LengthCurve one() {
    return PolynomialCurve.of(1.0);
  }

  private static InstanceType type(String name, double seconds) {
    return new InstanceType(name, 8, PolynomialCurve.of(seconds), null, HourlyPrice.FREE);
  }

  private static void refused(String reason, Runnable made) {
    assertThatThrownBy(made::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }
}
