package io.membrane.scheduler.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.search.FirstToken;
import io.membrane.scheduler.simulation.SimulationReport.Stage;
import io.membrane.scheduler.simulation.SimulationReport.StageKind;
import io.membrane.scheduler.simulation.traffic.Arrivals;
import io.membrane.scheduler.simulation.traffic.Prompts;
import io.membrane.scheduler.simulation.traffic.Traffic;
import io.membrane.scheduler.throughput.Throughput;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The simulator against equations (3) to (6), for the three columns of the paper's Table 6. */
class ClosedFormTest {

  private static final double PERCENT = 2;

  private static Deployment deploy(Strategy strategy) {
    return CaseStudy.deploy(strategy, CaseStudy.fleet(100));
  }

  private static Prompts classMeans(Deployment d) {
    return new Prompts.ClassMeans(d.configuration().classes(), d.workload().outputTokens());
  }

  private static SimulationReport run(Deployment d, Arrivals arrivals, Prompts prompts, int n) {
    return Simulation.run(
        SimulationSpec.of(d, Traffic.of(arrivals, prompts), Span.ofRequests(n), Controls.OFF, 1),
        share -> true);
  }

  private static Optional<Stage> stage(SimulationReport report, StageKind kind) {
    return report.stages().stream().filter(s -> s.kind() == kind).findFirst();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PRFAAS_PD_UNCONTROLLED")
  void withoutVarianceAndQueuesEveryFigureIsTheModels(Strategy strategy) {
    Deployment d = deploy(strategy);
    Configuration c = d.configuration();
    double load = 0.9;
    double rps = load * c.sustainedRps();
    SimulationReport report = run(d, new Arrivals.Steady(rps), classMeans(d), 20_000);
    double p = c.classes().offloaded();
    double remote =
        CaseStudy.H200.prefillSeconds().at(c.classes().longTokens())
            + Throughput.gigabits(CaseStudy.KV.at(c.classes().longTokens())) / 100;
    double local = CaseStudy.H20.prefillSeconds().at(c.classes().shortTokens());
    assertThat(report.ttft().meanSeconds())
        .isCloseTo(p * remote + (1 - p) * local, withinPercentage(PERCENT));
    assertThat(report.goodputRps()).isCloseTo(rps, withinPercentage(PERCENT));
    assertThat(report.requests().completed()).isEqualTo(20_000);
    assertThat(stage(report, StageKind.DECODE).orElseThrow().utilisation())
        .isCloseTo(rps / c.decodeRps(), withinPercentage(PERCENT));
    if (p < 1) {
      assertThat(stage(report, StageKind.LOCAL_PREFILL).orElseThrow().utilisation())
          .isCloseTo(rps * (1 - p) / c.localPrefillRps(), withinPercentage(PERCENT));
    }
    if (p > 0) {
      assertThat(report.offloaded()).isCloseTo(p, withinPercentage(PERCENT));
      assertThat(stage(report, StageKind.PREFILL_CLUSTER).orElseThrow().utilisation())
          .isCloseTo(rps * p / c.prefillClustersRps(), withinPercentage(PERCENT));
      assertThat(report.links().getFirst().egressGbps())
          .isCloseTo(load * c.egressGbps(), withinPercentage(PERCENT));
      assertThat(stage(report, StageKind.LINK).orElseThrow().utilisation())
          .isCloseTo(load * c.egressGbps() / 100, withinPercentage(PERCENT));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PRFAAS_PD_UNCONTROLLED")
  void anOverloadOfClassMeansIsServedAtLambdaMax(Strategy strategy) {
    Deployment d = deploy(strategy);
    double sustained = d.configuration().sustainedRps();
    SimulationReport report = run(d, new Arrivals.Poisson(3 * sustained), classMeans(d), 30_000);
    assertThat(report.goodputRps()).isCloseTo(sustained, withinPercentage(PERCENT));
  }

  /** By Jensen's inequality; 1.1 to 3.8 % here. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PRFAAS_PD_UNCONTROLLED")
  void anOverloadOfAllLengthsIsServedAtALittleLess(Strategy strategy) {
    Deployment d = deploy(strategy);
    double sustained = d.configuration().sustainedRps();
    Prompts all = new Prompts.Sampled(d.workload().input(), d.workload().outputTokens());
    SimulationReport report = run(d, new Arrivals.Poisson(3 * sustained), all, 60_000);
    assertThat(report.goodputRps()).isBetween(0.95 * sustained, 0.995 * sustained);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PRFAAS_PD_UNCONTROLLED")
  void aLoneRequestOfAnyLengthSeesTheUnqueuedTimeToFirstToken(Strategy strategy) {
    Deployment d = deploy(strategy);
    FirstToken expected = FirstToken.of(d.fleet(), d.workload().input(), d.configuration());
    Prompts all = new Prompts.Sampled(d.workload().input(), d.workload().outputTokens());
    SimulationReport report = run(d, new Arrivals.Steady(0.05), all, 50_000);
    assertThat(report.ttft().meanSeconds())
        .isCloseTo(expected.meanSeconds(), withinPercentage(PERCENT));
    assertThat(report.ttft().p90Seconds())
        .isCloseTo(expected.p90Seconds(), withinPercentage(PERCENT));
  }
}
