package io.membrane.scheduler.planning;

import static io.membrane.scheduler.search.CaseStudy.KV;
import static io.membrane.scheduler.search.CaseStudy.WORKLOAD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.membrane.scheduler.planning.Plan.Advice;
import io.membrane.scheduler.planning.Plan.Change;
import io.membrane.scheduler.planning.Plan.Sensitivity;
import io.membrane.scheduler.planning.Plan.StageLoad;
import io.membrane.scheduler.search.CaseStudy;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.search.Objective;
import io.membrane.scheduler.search.Search;
import io.membrane.scheduler.search.ThresholdRange;
import io.membrane.scheduler.throughput.EmpiricalLengths;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.HourlyPrice;
import io.membrane.scheduler.throughput.InstanceType;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.Workload;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PlanTest {

  @Test
  void theRemainingHeadroomSaysWhatBinds() {
    Plan plan = Plan.of(input(fleet(100, 4, 8, 0, 0), false, null));

    assertThat(plan.bindingStage()).isEqualTo(Stage.PREFILL_CLUSTER);
    assertThat(plan.headroom())
        .extracting(StageLoad::stage)
        .containsExactly(Stage.PREFILL_CLUSTER, Stage.LINK, Stage.LOCAL_PREFILL, Stage.DECODE);
    assertThat(load(plan, Stage.PREFILL_CLUSTER).utilisation()).isCloseTo(1, within(1e-3));
    assertThat(load(plan, Stage.LOCAL_PREFILL).binds()).isTrue();
    assertThat(load(plan, Stage.LINK).utilisation())
        .isCloseTo(plan.best().egressGbps() / 100, within(1e-9));
    assertThat(load(plan, Stage.DECODE).utilisation())
        .isCloseTo(plan.best().lambdaMaxRps() / plan.best().thetaPdDRps(), within(1e-9));
    assertThat(Plan.of(input(fleet(5, 4, 8, 0, 0), false, null)).headroom())
        .filteredOn(StageLoad::binds)
        .extracting(StageLoad::stage)
        .contains(Stage.LINK);
  }

  @Test
  void sensitivityIsThatOfTheDesign() {
    List<Sensitivity> points = Plan.of(input(fleet(100, 4, 8, 0, 0), false, null)).sensitivity();

    assertThat(points)
        .extracting(Sensitivity::linkGbps)
        .containsExactly(100.0, 50.0, 25.0, 20.0, 15.0, 12.0, 10.0, 8.0, 5.0);
    point(points.get(5), 3.18, 19_400, 3, 5);
    point(points.get(6), 3.04, 25_600, 4, 4);
    point(points.get(7), 2.63, 29_000, 4, 4);
    point(points.get(8), 2.26, 42_300, 5, 3);
  }

  private static void point(Sensitivity at, double rps, int threshold, int nP, int nD) {
    assertThat(at.lambdaMaxRps()).isCloseTo(rps, within(0.02 * rps));
    assertThat((double) at.thresholdTokens()).isCloseTo(threshold, within(0.02 * threshold));
    assertThat(at.nP()).isEqualTo(nP);
    assertThat(at.nD()).isEqualTo(nD);
  }

  @Test
  void everyAdviceIsTheSearchOfTheChangedFleet() {
    Plan plan = Plan.of(input(fleet(100, 4, 8, 0, 0), false, null));

    Advice prefill = advice(plan, Change.ADD_INSTANCE, "far");
    Advice local = advice(plan, Change.ADD_INSTANCE, "pd");
    assertThat(prefill.lambdaMaxRps()).isEqualTo(best(fleet(100, 5, 8, 0, 0)));
    assertThat(local.lambdaMaxRps()).isEqualTo(best(fleet(100, 4, 9, 0, 0)));
    assertThat(prefill.gainRps())
        .isCloseTo(prefill.lambdaMaxRps() - plan.best().lambdaMaxRps(), within(1e-12));
    assertThat(prefill.gainRatio()).isGreaterThan(local.gainRatio());
    assertThat(plan.advice().getFirst()).isEqualTo(prefill);
    assertThat(plan.advice())
        .isSortedAccordingTo((a, b) -> Double.compare(b.gainRps(), a.gainRps()));
    assertThat(prefill.text()).contains("one more h200 instance in 'far'").contains("+19.3 %");
    assertThat(prefill.usdPerMillionRequests()).isNull();
  }

  @Test
  void aThinLinkIsWidenedToWhereItStopsBindingAndNoFurther() {
    Plan plan = Plan.of(input(fleet(8, 4, 8, 0, 0), false, null));

    Advice enough =
        plan.advice().stream()
            .filter(a -> a.change() == Change.WIDEN_LINK && a.text().contains("stops binding"))
            .findFirst()
            .orElseThrow();
    double gbps = Objects.requireNonNull(enough.linkGbps());
    assertThat(enough.lambdaMaxRps()).isCloseTo(best(fleet(1e6, 4, 8, 0, 0)), within(1e-4));
    assertThat(gbps).isBetween(12.0, 13.0);
    assertThat(best(fleet(gbps * 0.99, 4, 8, 0, 0))).isLessThan(enough.lambdaMaxRps());
    assertThat(enough.text()).contains("Gbps more");
    assertThat(Plan.of(input(fleet(100, 4, 8, 0, 0), false, null)).advice())
        .filteredOn(a -> a.change() == Change.WIDEN_LINK)
        .singleElement()
        .satisfies(a -> assertThat(a.gainRps()).isZero());
  }

  @Test
  void anInstanceThatDoesNothingIsNamedAndWhatItCosts() {
    Plan plan = Plan.of(input(fleet(0.5, 40, 8, 2, 1), true, null));

    Advice less = advice(plan, Change.REMOVE_INSTANCE, "far");
    assertThat(less.gainRps()).isCloseTo(0, within(1e-5));
    assertThat(less.extraUsdPerHour()).isEqualTo(-16);
    assertThat(plan.advice())
        .filteredOn(a -> a.change() == Change.REMOVE_INSTANCE)
        .extracting(Advice::cluster)
        .containsExactly("far");
  }

  @Test
  void theBaselinesAreTheFleetWithoutPrefillClustersAndTheOneThatSendsEverything() {
    Plan plan = Plan.of(input(fleet(100, 4, 8, 0, 0), false, null));

    Plan.Figures homogeneous = Objects.requireNonNull(plan.baselines().homogeneousPd());
    Plan.Figures naive = Objects.requireNonNull(plan.baselines().naiveHeterogeneousPd());
    assertThat(homogeneous.nPrefill()).isZero();
    assertThat(homogeneous.nP() + homogeneous.nD()).isEqualTo(12);
    assertThat(homogeneous.offloadedFraction()).isZero();
    assertThat(naive.offloadedFraction()).isEqualTo(1);
    assertThat(naive.nD()).isEqualTo(8);
    assertThat(plan.ratios().bestToHomogeneousPd())
        .isEqualTo(plan.best().lambdaMaxRps() / homogeneous.lambdaMaxRps());
    assertThat(plan.ratios().naiveHeterogeneousPdToHomogeneousPd())
        .isEqualTo(naive.lambdaMaxRps() / homogeneous.lambdaMaxRps());
  }

  @Test
  void aFleetWithoutPrefillClusterIsPlannedToo() {
    Fleet alone = new Fleet(KV, List.of(), "pd", List.of(new Pool(h20(0), 12)));
    Plan plan = Plan.of(input(alone, false, null));

    assertThat(plan.best().lambdaMaxRps()).isCloseTo(2.11, within(0.01));
    assertThat(plan.best().egressGbps()).isZero();
    assertThat(plan.sensitivity()).isEmpty();
    assertThat(plan.baselines().naiveHeterogeneousPd()).isNull();
    assertThat(plan.ratios().bestToNaiveHeterogeneousPd()).isNull();
    assertThat(plan.headroom())
        .extracting(StageLoad::stage)
        .containsExactly(Stage.LOCAL_PREFILL, Stage.DECODE);
  }

  @Test
  void costIsInstancesOverRequestsPlusEgressAndFollowsTheHour() {
    List<Double> hours = new ArrayList<>(Collections.nCopies(24, 2.0));
    hours.set(3, 1.0);
    hours.set(18, 5.0);
    InstanceType local =
        new InstanceType(
            "h20", 8, h20(0).prefillSeconds(), h20(0).decode(), new HourlyPrice(hours));
    Fleet fleet =
        new Fleet(
            KV,
            List.of(new PrefillCluster("far", List.of(new Pool(h200(4), 4)), 100, 0.02)),
            "pd",
            List.of(new Pool(local, 8)));
    Plan plan = Plan.of(input(fleet, true, 1.0));

    Plan.Cost cost = Objects.requireNonNull(plan.cost());
    double mean = 4 * 8 * 4 + 64 * (22 * 2.0 + 1 + 5) / 24;
    double gb = plan.best().egressGbps() / 8 / plan.best().lambdaMaxRps();
    assertThat(cost.usdPerHour()).isCloseTo(mean, within(1e-9));
    assertThat(cost.egressUsdPerMillionRequests()).isCloseTo(gb * 0.02 * 1e6, within(1e-3));
    assertThat(cost.usdPerMillionRequests())
        .isCloseTo(mean / 3600 / plan.best().lambdaMaxRps() * 1e6 + gb * 0.02 * 1e6, within(1e-3));
    assertThat(cost.cheapestHour().hourUtc()).isEqualTo(3);
    assertThat(cost.dearestHour().hourUtc()).isEqualTo(18);
    assertThat(cost.dearestHour().usdPerHour() - cost.cheapestHour().usdPerHour())
        .isCloseTo(64 * 4, within(1e-9));
    Plan.AtRate atOne = Objects.requireNonNull(plan.atArrivalRate());
    assertThat(atOne.sustainable()).isTrue();
    assertThat(atOne.usdPerMillionRequests())
        .isCloseTo(mean / 3600 * 1e6 + gb * 0.02 * 1e6, within(1e-3));
    assertThat(atOne.stages())
        .filteredOn(s -> s.stage() == Stage.DECODE)
        .singleElement()
        .satisfies(s ->
            assertThat(s.utilisation()).isCloseTo(1 / plan.best().thetaPdDRps(), within(1e-9)));
  }

  @Test
  void moreRequestsThanTheFleetSustainsAreSaidToPileUp() {
    Plan.AtRate at =
        Objects.requireNonNull(Plan.of(input(fleet(100, 4, 8, 1, 1), true, 9.0)).atArrivalRate());

    assertThat(at.sustainable()).isFalse();
    assertThat(at.usdPerMillionRequests()).isNull();
    assertThat(at.text()).contains("pile up");
    assertThat(at.stages()).anySatisfy(s -> assertThat(s.utilisation()).isGreaterThan(1));
  }

  @Test
  void theCurveIsBoundedAndHasTheBestThresholdAsItsPeak() {
    Plan plan = Plan.of(input(fleet(100, 4, 8, 0, 0), false, null));

    assertThat(plan.curve()).hasSizeBetween(200, 257);
    assertThat(plan.curve())
        .allSatisfy(p ->
            assertThat(p.get(1).doubleValue())
                .isLessThanOrEqualTo(plan.best().lambdaMaxRps() + 1e-12));
    assertThat(plan.curve())
        .anySatisfy(p -> assertThat(p.get(0).intValue()).isEqualTo(plan.best().thresholdTokens()));
  }

  @Test
  void mixedPoolsAndSeveralLinksArePlannedTogether() {
    Fleet fleet =
        new Fleet(
            KV,
            List.of(
                new PrefillCluster("near", List.of(new Pool(h200(4), 2)), 100, 0.01),
                new PrefillCluster(
                    "far", List.of(new Pool(h200(4), 2), new Pool(h20(1), 2)), 2, 0.09)),
            "pd",
            List.of(new Pool(h20(1), 6), new Pool(h200(4), 1)));
    Plan plan = Plan.of(input(fleet, true, null));

    assertThat(plan.best().nPrefill()).isEqualTo(6);
    assertThat(plan.best().prefillByProfile()).containsKeys("h20", "h200");
    assertThat(plan.best().nP() + plan.best().nD()).isEqualTo(7);
    assertThat(plan.headroom())
        .filteredOn(l -> l.stage() == Stage.LINK && "far".equals(l.cluster()))
        .singleElement()
        .satisfies(l -> assertThat(l.binds()).isTrue());
    assertThat(plan.advice())
        .anySatisfy(a -> assertThat(a.text()).contains("'far'").contains("stops binding"));
  }

  @Test
  void aFleetOfWhichNobodyCanPrefillIsRefused() {
    Fleet single = new Fleet(KV, List.of(), "pd", List.of(new Pool(h20(0), 1)));

    assertThatThrownBy(() -> Plan.of(input(single, false, null)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no threshold and split serve a request")
        .hasMessageContaining("one more instance");
  }

  @Test
  void oneLengthIsAWorkloadToo() {
    Workload same = new Workload(EmpiricalLengths.of(4096), 10);
    Fleet fleet = fleet(100, 4, 8, 0, 0);
    Plan plan =
        Plan.of(
            new PlanInput(
                fleet,
                same,
                ThresholdRange.over(same.input()),
                Objective.THROUGHPUT,
                false,
                null,
                false,
                List.of()));

    assertThat(plan.best().offloadedFraction()).isIn(0.0, 1.0);
    assertThat(plan.best().ttftMeanS()).isCloseTo(plan.best().ttftP90S(), within(1e-9));
  }

  private static Advice advice(Plan plan, Change change, String cluster) {
    return plan.advice().stream()
        .filter(a -> a.change() == change && a.cluster().equals(cluster))
        .findFirst()
        .orElseThrow();
  }

  private static StageLoad load(Plan plan, Stage stage) {
    return plan.headroom().stream().filter(l -> l.stage() == stage).findFirst().orElseThrow();
  }

  private static double best(Fleet fleet) {
    Configuration at = Search.best(fleet, WORKLOAD, Objective.THROUGHPUT);
    return at.sustainedRps();
  }

  private static PlanInput input(Fleet fleet, boolean priced, @Nullable Double arrivalRps) {
    return new PlanInput(
        fleet,
        WORKLOAD,
        ThresholdRange.over(WORKLOAD.input()),
        Objective.THROUGHPUT,
        priced,
        arrivalRps,
        false,
        List.of());
  }

  private static Fleet fleet(double gbps, int prefill, int pd, double usdPrefill, double usdLocal) {
    return new Fleet(
        KV,
        List.of(new PrefillCluster("far", List.of(new Pool(h200(usdPrefill), prefill)), gbps, 0)),
        "pd",
        List.of(new Pool(h20(usdLocal), pd)));
  }

  private static InstanceType h200(double usd) {
    return CaseStudy.priced(CaseStudy.H200, usd);
  }

  private static InstanceType h20(double usd) {
    return CaseStudy.priced(CaseStudy.H20, usd);
  }
}
