package io.membrane.scheduler.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.simulation.SimulationReport.Stage;
import io.membrane.scheduler.simulation.cache.CacheReport;
import io.membrane.scheduler.simulation.cache.ConversationTrace;
import io.membrane.scheduler.simulation.link.Fluctuation;
import io.membrane.scheduler.simulation.link.LinkBehaviour;
import io.membrane.scheduler.simulation.link.Loss;
import io.membrane.scheduler.simulation.link.Outage;
import io.membrane.scheduler.simulation.traffic.Arrivals;
import io.membrane.scheduler.simulation.traffic.LoadShift;
import io.membrane.scheduler.simulation.traffic.Prompts;
import io.membrane.scheduler.simulation.traffic.Trace;
import io.membrane.scheduler.simulation.traffic.Traffic;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SimulationTest {

  private static final Deployment PLANNED =
      CaseStudy.deploy(Strategy.PRFAAS_PD, CaseStudy.fleet(100));
  private static final Prompts SAMPLED = new Prompts.Sampled(CaseStudy.WORKLOAD.input(), 1024);

  private static SimulationSpec spec(Traffic traffic, int requests, Controls controls) {
    return SimulationSpec.of(PLANNED, traffic, Span.ofRequests(requests), controls, 3);
  }

  private static SimulationSpec with(SimulationSpec s, LinkBehaviour links, Controls controls) {
    return new SimulationSpec(
        s.deployment(), s.traffic(), s.span(), links, s.cacheBlocks(), controls, 0, 10, s.seed());
  }

  private static SimulationReport run(SimulationSpec spec) {
    return Simulation.run(spec, share -> true);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void whateverHappensNoRequestIsLostAndNoneAppears(long seed) {
    Random random = new Random(seed);
    List<PrefillCluster> prefill = new ArrayList<>();
    for (int c = 0; c < random.nextInt(4); c++) {
      prefill.add(
          new PrefillCluster(
              "p" + c,
              List.of(
                  new Pool(CaseStudy.H200, 1 + random.nextInt(3)),
                  new Pool(CaseStudy.H20, random.nextInt(3))),
              5 + random.nextInt(50),
              0.01));
    }
    Fleet fleet =
        new Fleet(
            CaseStudy.KV,
            prefill,
            "pd",
            List.of(new Pool(CaseStudy.H20, 6), new Pool(CaseStudy.H20, random.nextInt(4))));
    Deployment d = CaseStudy.deploy(Strategy.PRFAAS_PD, fleet);
    LinkBehaviour links =
        new LinkBehaviour(
            new Fluctuation(0.4, 5, 0.5),
            new Loss.GilbertElliott(0.001, 0.2, 60, 20),
            List.of(new Outage(null, 200, 400 + random.nextInt(2000))));
    double rps = d.configuration().sustainedRps() * (0.5 + random.nextDouble());
    Arrivals arrivals =
        random.nextBoolean() ? new Arrivals.Poisson(rps) : new Arrivals.Bursts(rps / 2, 4, 30, 60);
    SimulationReport report =
        run(
            new SimulationSpec(
                d,
                new Traffic(arrivals, SAMPLED, List.of(new LoadShift(500, 1.5, 0.7))),
                Span.ofRequests(4000),
                links,
                0,
                random.nextBoolean() ? Controls.DEFAULT : Controls.OFF,
                random.nextBoolean() ? 0 : 16_384,
                10,
                seed));
    SimulationReport.Requests r = report.requests();
    assertThat(r.arrived()).as("seed %d", seed).isEqualTo(4000);
    assertThat(r.completed() + r.rejected() + r.inSystem()).isEqualTo(4000);
    assertThat(r.completed()).isPositive();
    for (Stage s : report.stages()) {
      assertThat(s.queueMean()).isBetween(0.0, s.queueMax() + 1);
      assertThat(s.utilisation()).isNotNegative();
    }
    assertThat(report.series().points()).hasSizeBetween(1, Series.MAX_POINTS);
  }

  @Test
  void theSameSeedGivesTheSameReportAndAnotherSeedAnother() {
    Traffic traffic = Traffic.of(new Arrivals.Bursts(2, 3, 20, 40), SAMPLED);
    LinkBehaviour links =
        new LinkBehaviour(new Fluctuation(0.3, 10, 0.9), new Loss.Constant(0.001), List.of());
    SimulationSpec spec = with(spec(traffic, 5000, Controls.DEFAULT), links, Controls.DEFAULT);
    SimulationReport first = run(spec);
    assertThat(run(spec)).isEqualTo(first);
    SimulationSpec other =
        new SimulationSpec(
            spec.deployment(), traffic, spec.span(), links, 0, spec.controls(), 0, 10, 4);
    assertThat(run(other)).isNotEqualTo(first);
  }

  @Test
  void aRunIsToldHowFarItIsAndStopsWhenItIsCancelled() {
    List<Double> shares = new ArrayList<>();
    SimulationSpec spec =
        spec(Traffic.of(new Arrivals.Poisson(2), SAMPLED), 1_000_000, Controls.OFF);
    assertThatThrownBy(() ->
            Simulation.run(
                spec,
                share -> {
                  shares.add(share);
                  return shares.size() < 5;
                }))
        .isInstanceOf(CancellationException.class);
    assertThat(shares).hasSize(5).isSorted().allSatisfy(s -> assertThat(s).isBetween(0.0, 0.2));
  }

  @Test
  void theConversationTraceRunsAsItIsAndHitsLessInSmallerCaches() {
    Trace trace = ConversationTrace.read();
    Traffic replay = Traffic.of(new Arrivals.Replay(trace, 1), new Prompts.OfTrace(trace));
    List<Double> ratios = new ArrayList<>();
    for (long blocks : new long[] {Long.MAX_VALUE, 10_000, 0}) {
      SimulationSpec s =
          new SimulationSpec(
              CaseStudy.deploy(Strategy.HOMOGENEOUS_PD, CaseStudy.fleet(100)),
              replay,
              new Span(Span.MAX_REQUESTS, Span.MAX_SECONDS, 0),
              LinkBehaviour.IDEAL,
              blocks,
              Controls.OFF,
              0,
              10,
              1);
      SimulationReport report = run(s);
      assertThat(report.requests().arrived()).isEqualTo(12_031);
      assertThat(report.requests().completed()).isEqualTo(12_031);
      ratios.add(report.prefixBlocks().hitRatio());
    }
    double inOrder =
        CacheReport.of(trace, List.of(CacheReport.UNBOUNDED)).rows().getFirst().hitRatio();
    assertThat(ratios.get(0)).isBetween(0.85 * inOrder, inOrder);
    assertThat(ratios.get(1)).isLessThan(ratios.get(0)).isPositive();
    assertThat(ratios.get(2)).isZero();
  }

  @Test
  void aBlockIsHitOnlyOnceItIsPrefilled() {
    List<Trace.Request> requests = new ArrayList<>();
    int[] ids = {1, 2, 3, 4};
    requests.add(new Trace.Request(0, 2048, 10, ids));
    requests.add(new Trace.Request(1, 2048, 10, ids));
    requests.add(new Trace.Request(60_000, 2048, 10, ids));
    Trace trace = new Trace(requests);
    SimulationReport report =
        run(
            new SimulationSpec(
                PLANNED,
                Traffic.of(new Arrivals.Replay(trace, 1), new Prompts.OfTrace(trace)),
                new Span(100, 1000, 0),
                LinkBehaviour.IDEAL,
                Long.MAX_VALUE,
                Controls.OFF,
                0,
                10,
                1));
    assertThat(report.prefixBlocks()).isEqualTo(new SimulationReport.PrefixBlocks(12, 4));
    double one = CaseStudy.H20.prefillSeconds().at(1);
    assertThat(report.ttft().p50Seconds())
        .isCloseTo(CaseStudy.H20.prefillSeconds().at(2048), within(1e-3));
    assertThat(report.ttft().meanSeconds())
        .isCloseTo((2 * CaseStudy.H20.prefillSeconds().at(2048) + one) / 3, within(1e-6));
  }

  @Test
  void whatALinkLosesIsSentAgainAndCounted() {
    Traffic traffic = Traffic.of(new Arrivals.Poisson(2), SAMPLED);
    SimulationSpec clean = spec(traffic, 20_000, Controls.OFF);
    LinkBehaviour lossy = new LinkBehaviour(Fluctuation.NONE, new Loss.Constant(0.1), List.of());
    SimulationReport without = run(clean);
    SimulationReport with = run(with(clean, lossy, Controls.OFF));
    assertThat(with.links().getFirst().retransmitted()).isCloseTo(0.1, within(1e-9));
    assertThat(with.links().getFirst().egressGbps())
        .isCloseTo(without.links().getFirst().egressGbps() / 0.9, withinPercentage(1));
  }

  @Test
  void inALongOutageControllersSendEveryPromptToTheLocalClusterAndWithoutThemItWaits() {
    Traffic traffic = Traffic.of(new Arrivals.Poisson(0.4), SAMPLED);
    LinkBehaviour out =
        new LinkBehaviour(Fluctuation.NONE, Loss.NONE, List.of(new Outage("prfaas", 3000, 4500)));
    SimulationSpec spec = spec(traffic, 5000, Controls.DEFAULT);
    SimulationReport controlled = run(with(spec, out, Controls.DEFAULT));
    SimulationReport uncontrolled = run(with(spec, out, Controls.OFF));
    assertThat(uncontrolled.ttft().maxSeconds()).isGreaterThan(1400);
    assertThat(controlled.offloaded()).isLessThan(uncontrolled.offloaded());
    assertThat(controlled.ttft().meanSeconds()).isLessThan(uncontrolled.ttft().meanSeconds() / 4);
    assertThat(controlled.ttft().p90Seconds()).isLessThan(uncontrolled.ttft().p90Seconds());
  }

  @Test
  void aNaiveFleetWhoseOnlyPrefillClusterIsGoneTurnsRequestsAway() {
    Deployment naive = CaseStudy.deploy(Strategy.NAIVE_HETEROGENEOUS_PD, CaseStudy.fleet(100));
    SimulationReport report =
        run(
            new SimulationSpec(
                naive,
                Traffic.of(new Arrivals.Poisson(1), SAMPLED),
                Span.ofSeconds(1000),
                new LinkBehaviour(Fluctuation.NONE, Loss.NONE, List.of(new Outage(null, 100, 900))),
                0,
                Controls.DEFAULT,
                0,
                10,
                1));
    assertThat(report.requests().rejected()).isBetween(600L, 900L);
    assertThat(report.notes()).singleElement().asString().contains("no cluster was up");
  }

  @Test
  void longerPromptsConvertAnInstanceAndMoveTheThreshold() {
    Traffic shifted =
        new Traffic(new Arrivals.Poisson(2.6), SAMPLED, List.of(new LoadShift(3600, 1, 1.4)));
    SimulationReport fixed = run(spec(shifted, 40_000, Controls.OFF));
    SimulationReport adapted = run(spec(shifted, 40_000, Controls.DEFAULT));
    assertThat(fixed.roles()).isEqualTo(new SimulationReport.Roles(3, 5, 0));
    assertThat(adapted.roles()).isEqualTo(new SimulationReport.Roles(4, 4, 1));
    assertThat(adapted.threshold().searched()).isGreaterThan(25_000);
    assertThat(adapted.ttft().meanSeconds()).isLessThan(fixed.ttft().meanSeconds() / 2);
  }

  @ParameterizedTest
  @EnumSource(Strategy.class)
  void everyStrategyCompletesAModerateLoad(Strategy strategy) {
    Deployment d = CaseStudy.deploy(strategy, CaseStudy.fleet(100));
    SimulationReport report =
        run(
            SimulationSpec.of(
                d,
                Traffic.of(new Arrivals.Poisson(1.5), SAMPLED),
                Span.ofRequests(5000),
                strategy.controls(Controls.DEFAULT),
                1));
    assertThat(report.requests().completed()).isEqualTo(5000);
    assertThat(report.goodputRps()).isCloseTo(1.5, withinPercentage(5));
    assertThat(report.withinTtftLimit()).isGreaterThan(0.85);
  }

  @Test
  void aCongestedLinkRaisesTheEffectiveThresholdWithinBounds() {
    Deployment narrow = CaseStudy.deploy(Strategy.PRFAAS_PD, CaseStudy.fleet(100));
    Fleet slow = CaseStudy.fleet(6);
    Deployment d =
        new Deployment(
            slow,
            CaseStudy.WORKLOAD,
            Configuration.of(
                slow,
                CaseStudy.WORKLOAD,
                narrow.configuration().thresholdTokens(),
                narrow.configuration().prefillByPool()));
    Controls shortTerm =
        new Controls(null, Controls.DEFAULT.congestion(), Controls.DEFAULT.regime(), null, 60);
    SimulationReport report =
        run(
            SimulationSpec.of(
                d,
                Traffic.of(new Arrivals.Poisson(1.8), SAMPLED),
                Span.ofRequests(10_000),
                shortTerm,
                1));
    int planned = narrow.configuration().thresholdTokens();
    assertThat(report.threshold().minEffective()).isEqualTo(planned);
    assertThat(report.threshold().maxEffective()).isBetween(planned + 1, 131_072);
  }
}
