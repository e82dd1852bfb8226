package io.membrane.scheduler.simulation;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.scheduler.routing.RoutingSettings;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.simulation.link.Fluctuation;
import io.membrane.scheduler.simulation.link.LinkBehaviour;
import io.membrane.scheduler.simulation.link.Loss;
import io.membrane.scheduler.simulation.link.Outage;
import io.membrane.scheduler.simulation.traffic.Arrivals;
import io.membrane.scheduler.simulation.traffic.Prompts;
import io.membrane.scheduler.simulation.traffic.Traffic;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Pool;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SimulationSpecTest {

  private static final Deployment PLANNED =
      CaseStudy.deploy(Strategy.PRFAAS_PD, CaseStudy.fleet(100));
  private static final Fleet LOCAL_ONLY =
      new Fleet(CaseStudy.KV, List.of(), "pd", List.of(new Pool(CaseStudy.H20, 4)));

  private static SimulationSpec spec(
      Deployment d, LinkBehaviour links, long blocks, int batch, double limit) {
    Traffic traffic =
        Traffic.of(new Arrivals.Poisson(1), new Prompts.Sampled(CaseStudy.WORKLOAD.input(), 1024));
    return new SimulationSpec(
        d, traffic, Span.ofRequests(10), links, blocks, Controls.OFF, batch, limit, 1);
  }

  private static Deployment split(Fleet fleet, Integer... prefill) {
    return new Deployment(
        fleet,
        CaseStudy.WORKLOAD,
        Configuration.of(fleet, CaseStudy.WORKLOAD, 19_351, List.of(prefill)));
  }

  private static Configuration twoPools() {
    Pool pool = new Pool(CaseStudy.H20, 4);
    Fleet fleet = new Fleet(CaseStudy.KV, List.of(), "pd", List.of(pool, pool));
    return Configuration.of(fleet, CaseStudy.WORKLOAD, 1, List.of(1, 1));
  }

  private static Arguments of(ThrowingCallable call, String message) {
    return Arguments.of(message, call);
  }

  static Stream<Arguments> impossible() {
    LinkBehaviour ideal = LinkBehaviour.IDEAL;
    LinkBehaviour elsewhere =
        new LinkBehaviour(Fluctuation.NONE, Loss.NONE, List.of(new Outage("mars", 0, 1)));
    return Stream.of(
        of(() -> split(CaseStudy.fleet(100), 8), "leaves no instance to decode"),
        of(() -> spec(split(LOCAL_ONLY, 0), ideal, 0, 0, 1), "no instance prefills"),
        of(
            () -> new Deployment(LOCAL_ONLY, CaseStudy.WORKLOAD, twoPools()),
            "splits 2 pools, but cluster 'pd' has 1"),
        of(() -> spec(PLANNED, elsewhere, 0, 0, 1), "'mars', which is no prefill cluster"),
        of(() -> spec(PLANNED, ideal, -1, 0, 1), "0 or more blocks, not -1"),
        of(() -> spec(PLANNED, ideal, 0, -1, 1), "a batch has 0 to"),
        of(() -> spec(PLANNED, ideal, 0, 0, 0), "above 0 s, not 0"),
        of(() -> spec(PLANNED, ideal, 0, 0, Double.NaN), "above 0 s, not NaN"),
        of(() -> Span.ofRequests(0), "1 to 5000000 requests, not 0"),
        of(() -> Span.ofRequests(5_000_001), "1 to 5000000 requests"),
        of(() -> Span.ofSeconds(0), "more than 0 and at most 2678400 s"),
        of(() -> Span.ofSeconds(Double.NaN), "not NaN"),
        of(() -> new Span(1, 1, 0.95), "a share of 0 to 0.9, not 0.95"),
        of(() -> new RoutingSettings(Double.NaN, Duration.ofSeconds(30)), "not NaN"),
        of(() -> new RoutingSettings(0, Duration.ZERO), "at most 1 ms to 365 days"),
        of(() -> new Controls(RoutingSettings.DEFAULT, null, null, null, 0), "every 1 to 86400 s"),
        of(
            () -> CaseStudy.deploy(Strategy.NAIVE_HETEROGENEOUS_PD, LOCAL_ONLY),
            "leave this strategy out"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("impossible")
  void whatCannotBeSimulatedIsRefusedWithWhatIsWrong(String message, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
