package io.membrane.scheduler.search;

import static io.membrane.scheduler.search.CaseStudy.WORKLOAD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.Seeds;
import io.membrane.scheduler.throughput.Decode;
import io.membrane.scheduler.throughput.EmpiricalLengths;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.HourlyPrice;
import io.membrane.scheduler.throughput.InstanceType;
import io.membrane.scheduler.throughput.Lengths;
import io.membrane.scheduler.throughput.PolynomialCurve;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.Workload;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SearchTest {

  @Test
  void theCaseStudyHasThePapersOptimum() {
    Configuration best = Search.best(CaseStudy.fleet(100), WORKLOAD, Objective.THROUGHPUT);

    assertThat(best.thresholdTokens()).isEqualTo(19_351);
    assertThat(best.nP()).isEqualTo(3);
    assertThat(best.nD()).isEqualTo(5);
    assertThat(best.sustainedRps()).isCloseTo(3.2633, within(1e-4));
    assertThat(best.producerImbalanceRps()).isLessThan(1e-3);
    FirstToken first = FirstToken.of(CaseStudy.fleet(100), WORKLOAD.input(), best);
    assertThat(first.meanSeconds()).isCloseTo(2.2149, within(1e-3));
    assertThat(first.p90Seconds()).isCloseTo(3.4685, within(1e-3));
  }

  @Test
  void theBoundedSearchFindsWhatTheExhaustiveOneFinds() {
    Seeds.forAll(
        300,
        random -> {
          RandomFleets fleets = new RandomFleets(random);
          Fleet fleet = fleets.fleet();
          Workload workload = fleets.workload();
          ThresholdRange range = ThresholdRange.over(workload.input());
          for (Objective objective : Objective.values()) {
            assertThat(Search.bounded(fleet, workload, range, objective))
                .isEqualTo(Search.exhaustive(fleet, workload, range, objective));
          }
        });
  }

  @Test
  void theBoundedSearchFindsAsLittleWhereNobodyIsServed() {
    Fleet fleet =
        new Fleet(PolynomialCurve.of(1e6), List.of(), "pd", List.of(new Pool(decoding(), 100)));
    ThresholdRange everythingIsOffloaded = new ThresholdRange(0, 0, 1);
    for (Objective objective : Objective.values()) {
      Configuration none = Search.bounded(fleet, WORKLOAD, everythingIsOffloaded, objective);
      assertThat(none.sustainedRps()).isZero();
      assertThat(none)
          .isEqualTo(Search.exhaustive(fleet, WORKLOAD, everythingIsOffloaded, objective));
    }
  }

  @Test
  void theExhaustiveSearchFindsWhatTryingEverythingFinds() {
    Seeds.forAll(
        60,
        random -> {
          RandomFleets fleets = new RandomFleets(random);
          Fleet fleet = fleets.fleet();
          Workload workload = fleets.workload();
          ThresholdRange range = new ThresholdRange(0, 600, random.nextInt(1, 20));
          for (Objective objective : Objective.values()) {
            Configuration best = Search.exhaustive(fleet, workload, range, objective);
            double score = score(best, objective);
            for (int i = 0; i < range.count(); i++) {
              for (List<Integer> split : splits(fleet)) {
                Configuration other = Configuration.of(fleet, workload, range.at(i), split);
                assertThat(score(other, objective))
                    .isLessThanOrEqualTo(score + 1e-9 * Math.abs(score));
              }
            }
          }
        });
  }

  private static double score(Configuration c, Objective objective) {
    return switch (objective) {
      case THROUGHPUT -> c.sustainedRps();
      case COST ->
          c.sustainedRps() > 0 && c.decodeRps() > 0 ? -c.usdPerRequest() : -Double.MAX_VALUE;
    };
  }

  private static List<List<Integer>> splits(Fleet fleet) {
    List<List<Integer>> all = List.of(List.of());
    for (Pool pool : fleet.pd()) {
      List<List<Integer>> longer = new ArrayList<>();
      for (List<Integer> start : all) {
        for (int n = 0; n <= pool.instances(); n++) {
          List<Integer> split = new ArrayList<>(start);
          split.add(n);
          longer.add(split);
        }
      }
      all = longer;
    }
    return all;
  }

  @Test
  void aLandscapeServesManyFleetsWithoutChangingTheirAnswers() {
    Landscape land = new Landscape(WORKLOAD, CaseStudy.KV, ThresholdRange.over(WORKLOAD.input()));
    for (double gbps : new double[] {100, 9, 30, 9}) {
      assertThat(Search.best(CaseStudy.fleet(gbps), land, Objective.THROUGHPUT, () -> {}))
          .isEqualTo(Search.best(CaseStudy.fleet(gbps), WORKLOAD, Objective.THROUGHPUT));
    }
  }

  @Test
  void aLongSearchComesByItsCheckpointAgainAndAgainAndEndsWithWhatThatThrows() {
    Fleet fleet =
        new Fleet(
            PolynomialCurve.of(1e6),
            List.of(),
            "pd",
            List.of(new Pool(decoding(), 30), new Pool(decoding(), 30)));
    Landscape land =
        new Landscape(WORKLOAD, fleet.kvBytes(), ThresholdRange.over(WORKLOAD.input()));
    AtomicInteger calls = new AtomicInteger();

    Search.best(fleet, land, Objective.THROUGHPUT, calls::incrementAndGet);
    assertThat(calls.get()).isGreaterThan(10);

    int last = calls.get() / 2;
    calls.set(0);
    assertThatThrownBy(() ->
            Search.best(
                fleet,
                land,
                Objective.THROUGHPUT,
                () -> {
                  if (calls.incrementAndGet() == last) {
                    throw new CancellationException("enough");
                  }
                }))
        .isInstanceOf(CancellationException.class)
        .hasMessage("enough");
    assertThat(calls).hasValue(last);
  }

  @Test
  void theOrderOfClustersAndPoolsDoesNotMatter() {
    Seeds.forAll(
        60,
        random -> {
          RandomFleets fleets = new RandomFleets(random);
          Fleet fleet = fleets.fleet();
          Workload workload = fleets.workload();
          List<PrefillCluster> prefill = new ArrayList<>(fleet.prefill());
          List<Pool> pd = new ArrayList<>(fleet.pd());
          Collections.shuffle(prefill, new Random(1));
          Collections.shuffle(pd, new Random(2));
          Fleet shuffled = new Fleet(fleet.kvBytes(), prefill, fleet.pdName(), pd);
          Configuration a = Search.best(fleet, workload, Objective.THROUGHPUT);
          Configuration b = Search.best(shuffled, workload, Objective.THROUGHPUT);
          assertThat(b.sustainedRps())
              .isCloseTo(a.sustainedRps(), within(1e-9 * a.sustainedRps() + 1e-300));
        });
  }

  /** Decode limits over a wide range of thresholds: the balanced one is taken, not the first. */
  @Test
  void onAPlateauTheBalancedThresholdWins() {
    Fleet fleet =
        new Fleet(
            PolynomialCurve.of(1e6),
            List.of(new PrefillCluster("far", List.of(new Pool(prefilling(10), 4)), 100, 0)),
            "pd",
            List.of(new Pool(decoding(), 2)));
    int[] lengths = IntStream.rangeClosed(1, 1000).toArray();
    Workload workload = new Workload(EmpiricalLengths.of(lengths), 100);

    Configuration best = Search.best(fleet, workload, Objective.THROUGHPUT);

    assertThat(best.sustainedRps()).isEqualTo(best.decodeRps());
    for (int t = 0; t <= 1000; t++) {
      Configuration other = Configuration.of(fleet, workload, t, best.prefillByPool());
      if (other.sustainedRps() == best.sustainedRps()) {
        assertThat(best.producerImbalanceRps())
            .isLessThanOrEqualTo(other.producerImbalanceRps() + 1e-12);
      }
    }
  }

  /** Nothing but the threshold differs, and not even that: one length, all stay or all go. */
  @Test
  void ofEqualsTheLowestThresholdAndTheFirstPoolThatPrefillsLeastWin() {
    Fleet twins =
        new Fleet(
            PolynomialCurve.of(1e6),
            List.of(),
            "pd",
            List.of(new Pool(decoding(), 1), new Pool(decoding(), 1)));
    Workload workload = new Workload(EmpiricalLengths.of(50), 100);
    ThresholdRange range = new ThresholdRange(40, 60, 1);

    Configuration best = Search.exhaustive(twins, workload, range, Objective.THROUGHPUT);

    assertThat(best.thresholdTokens()).isEqualTo(50);
    assertThat(best.prefillByPool()).containsExactly(0, 1);
    assertThat(Search.bounded(twins, workload, range, Objective.THROUGHPUT)).isEqualTo(best);
  }

  @Test
  void theCheapestConfigurationIsNotTheFastestWhereEgressCosts() {
    InstanceType priced = CaseStudy.priced(CaseStudy.H20, 1);
    Fleet fleet =
        new Fleet(
            CaseStudy.KV,
            List.of(new PrefillCluster("far", List.of(new Pool(CaseStudy.H200, 4)), 100, 0.5)),
            "pd",
            List.of(new Pool(priced, 8)));

    Configuration fast = Search.best(fleet, WORKLOAD, Objective.THROUGHPUT);
    Configuration cheap = Search.best(fleet, WORKLOAD, Objective.COST);

    assertThat(cheap.usdPerRequest()).isLessThan(fast.usdPerRequest());
    assertThat(cheap.sustainedRps()).isLessThan(fast.sustainedRps());
    assertThat(cheap.classes().offloaded()).isLessThan(fast.classes().offloaded());
  }

  @ParameterizedTest
  @CsvSource({"-1, 5, 1", "5, 4, 1", "0, 5, 0", "0, 2000000, 1"})
  void aRangeThatIsNoneIsRefused(int from, int to, int step) {
    assertThatThrownBy(() -> new ThresholdRange(from, to, step))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("thresholds");
  }

  @Test
  void aFleetWithTooManySplitsIsRefused() {
    List<Pool> pools = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      pools.add(new Pool(decoding(), 40));
    }
    Fleet fleet = new Fleet(PolynomialCurve.of(1e6), List.of(), "pd", pools);

    assertThatThrownBy(() -> Search.best(fleet, WORKLOAD, Objective.THROUGHPUT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("fewer kinds");
  }

  private static InstanceType prefilling(double rps) {
    return new InstanceType("p", 8, PolynomialCurve.of(1 / rps), null, HourlyPrice.FREE);
  }

  private static InstanceType decoding() {
    return new InstanceType(
        "d", 8, PolynomialCurve.of(0.01, 0.001), new Decode(1, 0.01), HourlyPrice.FREE);
  }

  @Test
  void amongTheThresholdsOfVeryLongPromptsIsOneAtWhichAllStayLocal() {
    Lengths lengths = EmpiricalLengths.of(1_000, 300_000);
    Fleet local = CaseStudy.fleet(100).homogeneous();
    Workload workload = new Workload(lengths, 1024);
    assertThat(Search.best(local, workload, Objective.THROUGHPUT).sustainedRps())
        .isEqualTo(
            Search.best(local, workload, ThresholdRange.local(lengths), Objective.THROUGHPUT)
                .sustainedRps())
        .isPositive();
  }
}
