package io.membrane.scheduler.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.scheduler.simulation.link.Fluctuation;
import io.membrane.scheduler.simulation.link.LinkBehaviour;
import io.membrane.scheduler.simulation.link.Loss;
import io.membrane.scheduler.simulation.link.Outage;
import io.membrane.scheduler.simulation.traffic.Arrivals;
import io.membrane.scheduler.simulation.traffic.Prompts;
import io.membrane.scheduler.simulation.traffic.Traffic;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Congestion control against fleets planned for 12 and 100 Gbps, with and without it. */
class CongestionTest {

  private static final Deployment PLANNED =
      CaseStudy.deploy(Strategy.PRFAAS_PD, CaseStudy.fleet(12));
  private static final Deployment WIDE = CaseStudy.deploy(Strategy.PRFAAS_PD, CaseStudy.fleet(100));
  private static final List<Loss> LOSSES =
      List.of(
          new Loss.Constant(0.02),
          new Loss.Constant(0.05),
          new Loss.GilbertElliott(0, 0.3, 30, 30));
  private static final Prompts SAMPLED = new Prompts.Sampled(CaseStudy.WORKLOAD.input(), 1024);
  private static final Controls CONGESTION =
      new Controls(null, Controls.DEFAULT.congestion(), null, null, 60);

  @ParameterizedTest(name = "{0} requests/s over a link with a coefficient of variation of {1}")
  @CsvSource({"1.6, 0", "2.1, 0", "2.6, 0", "1.6, 0.3", "2.1, 0.3", "2.6, 0.3"})
  void aLinkThatCopesIsLeftAlone(double rps, double variation) {
    LinkBehaviour link =
        new LinkBehaviour(new Fluctuation(variation, 10, 0.5), Loss.NONE, List.of());
    doesNoHarm(run(PLANNED, rps, link, CONGESTION), run(PLANNED, rps, link, Controls.OFF));
  }

  @ParameterizedTest(name = "{0} requests/s")
  @ValueSource(doubles = {1.6, 2.1, 2.6})
  void norDoAllControllersTogetherDoHarmOnASteadyLink(double rps) {
    doesNoHarm(
        run(PLANNED, rps, LinkBehaviour.IDEAL, Controls.DEFAULT),
        run(PLANNED, rps, LinkBehaviour.IDEAL, Controls.OFF));
  }

  @ParameterizedTest(name = "{0} requests/s")
  @ValueSource(doubles = {2.0, 2.3, 2.6})
  void lossOnALinkWithRoomIsNotAnsweredWithMoreWorkForTheLocalPrefill(double rps) {
    for (Loss loss : LOSSES) {
      LinkBehaviour link = new LinkBehaviour(Fluctuation.NONE, loss, List.of());
      SimulationReport on = run(WIDE, rps, link, CONGESTION);
      SimulationReport off = run(WIDE, rps, link, Controls.OFF);
      assertThat(on.ttft().meanSeconds())
          .as("%s", loss)
          .isLessThanOrEqualTo(1.05 * off.ttft().meanSeconds());
    }
  }

  @ParameterizedTest(name = "{0} requests/s, {1} lost")
  @CsvSource({"1.6, 0", "1.9, 0", "1.6, 0.05", "1.9, 0.05"})
  void whenHalfTheLinkIsLeftTheLocalPrefillTakesWhatItCan(double rps, double lost) {
    Deployment halved =
        new Deployment(CaseStudy.fleet(6), CaseStudy.WORKLOAD, PLANNED.configuration());
    LinkBehaviour link = new LinkBehaviour(Fluctuation.NONE, new Loss.Constant(lost), List.of());
    SimulationReport on = run(halved, rps, link, CONGESTION);
    SimulationReport off = run(halved, rps, link, Controls.OFF);
    assertThat(on.ttft().meanSeconds()).isLessThan(off.ttft().meanSeconds() / 5);
    assertThat(on.ttft().p99Seconds()).isLessThan(off.ttft().p99Seconds() / 5);
  }

  @Test
  void aLongOutageEndsInSomeRefusalsAndNotInAQueue() {
    LinkBehaviour link =
        new LinkBehaviour(Fluctuation.NONE, Loss.NONE, List.of(new Outage(null, 1000, 1600)));
    SimulationReport on = run(WIDE, 2.5, link, Controls.DEFAULT);
    SimulationReport off = run(WIDE, 2.5, link, Controls.OFF);
    double during = 2.5 * 600;
    assertThat(on.requests().rejected()).isBetween((long) (during / 10), (long) (during / 2));
    assertThat(off.requests().rejected()).isZero();
    assertThat(on.ttft().meanSeconds()).isLessThan(off.ttft().meanSeconds() / 2);
    assertThat(on.ttft().p99Seconds()).isLessThan(off.ttft().p99Seconds() / 5);
  }

  @ParameterizedTest(name = "{0} requests/s")
  @ValueSource(doubles = {2.2, 2.6})
  void whenNeitherCopesNeitherIsFloodedForTheOther(double rps) {
    Deployment halved =
        new Deployment(CaseStudy.fleet(6), CaseStudy.WORKLOAD, PLANNED.configuration());
    SimulationReport on = run(halved, rps, LinkBehaviour.IDEAL, CONGESTION);
    SimulationReport off = run(halved, rps, LinkBehaviour.IDEAL, Controls.OFF);
    assertThat(on.ttft().meanSeconds()).isLessThan(off.ttft().meanSeconds());
    assertThat(on.goodputRps()).isGreaterThan(off.goodputRps());
  }

  private static void doesNoHarm(SimulationReport on, SimulationReport off) {
    assertThat(on.ttft().meanSeconds()).isLessThan(1.3 * off.ttft().meanSeconds() + 0.2);
  }

  private static SimulationReport run(
      Deployment deployment, double rps, LinkBehaviour link, Controls controls) {
    SimulationSpec s =
        SimulationSpec.of(
            deployment,
            Traffic.of(new Arrivals.Poisson(rps), SAMPLED),
            Span.ofRequests(20_000),
            controls,
            3);
    return Simulation.run(
        new SimulationSpec(
            s.deployment(),
            s.traffic(),
            s.span(),
            link,
            s.cacheBlocks(),
            controls,
            0,
            10,
            s.seed()),
        share -> true);
  }
}
