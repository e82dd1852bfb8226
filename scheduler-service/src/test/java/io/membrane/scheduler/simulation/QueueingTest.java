package io.membrane.scheduler.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.simulation.link.LinkBehaviour;
import io.membrane.scheduler.simulation.traffic.Arrivals;
import io.membrane.scheduler.simulation.traffic.Prompts;
import io.membrane.scheduler.simulation.traffic.Traffic;
import io.membrane.scheduler.throughput.EmpiricalLengths;
import io.membrane.scheduler.throughput.LengthCurve;
import io.membrane.scheduler.throughput.Lengths;
import io.membrane.scheduler.throughput.Workload;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One instance that prefills, Poisson arrivals: the Pollaczek–Khinchine formula. */
class QueueingTest {

  private static final LengthCurve SECONDS = CaseStudy.H20.prefillSeconds();

  private static SimulationReport run(Lengths lengths, double rps, int batchTokens) {
    Workload workload = new Workload(lengths, 1024);
    Deployment d =
        new Deployment(
            CaseStudy.oneServer(),
            workload,
            Configuration.of(CaseStudy.oneServer(), workload, (int) lengths.max(), List.of(1)));
    return Simulation.run(
        new SimulationSpec(
            d,
            Traffic.of(new Arrivals.Poisson(rps), new Prompts.Sampled(lengths, 1)),
            Span.ofRequests(400_000),
            LinkBehaviour.IDEAL,
            0,
            Controls.OFF,
            batchTokens,
            10,
            5),
        share -> true);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.3, 0.6, 0.8})
  void equalPromptsWaitAsInMD1(double utilisation) {
    double service = SECONDS.at(8192);
    SimulationReport report = run(EmpiricalLengths.of(8192), utilisation / service, 0);
    double wait = utilisation * service / (2 * (1 - utilisation));
    assertThat(report.ttft().meanSeconds() - service).isCloseTo(wait, withinPercentage(4));
    assertThat(report.stages().getFirst().utilisation())
        .isCloseTo(utilisation, withinPercentage(1));
  }

  @Test
  void unlikePromptsWaitAsInMG1() {
    double a = SECONDS.at(1024);
    double b = SECONDS.at(40_960);
    double mean = (a + b) / 2;
    double rps = 0.7 / mean;
    SimulationReport report = run(EmpiricalLengths.of(1024, 40_960), rps, 0);
    double wait = rps * (a * a + b * b) / 2 / (2 * (1 - 0.7));
    assertThat(report.ttft().meanSeconds() - mean).isCloseTo(wait, withinPercentage(4));
  }

  @Test
  void batchesServeMoreShortPromptsThanOneByOne() {
    double rps = 1.5 / SECONDS.at(512);
    Lengths brief = EmpiricalLengths.of(512);
    SimulationReport oneByOne = run(brief, rps, 0);
    SimulationReport batched = run(brief, rps, 8192);
    assertThat(oneByOne.goodputRps()).isCloseTo(rps / 1.5, withinPercentage(1));
    assertThat(batched.goodputRps()).isCloseTo(rps, withinPercentage(1));
    assertThat(batched.ttft().meanSeconds()).isLessThan(3 * SECONDS.at(8192));
  }
}
