package io.membrane.scheduler.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.scheduler.planning.Plan;
import io.membrane.scheduler.request.SimulationInput.Contender;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.simulation.Strategy;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimulationRequestsTest {

  /** The cheapest threshold is not the fastest: egress costs. */
  private static final String PRICED =
      """
      {"profiles": {
         "fast": {"gpus": 8, "prefill_seconds": {"polynomial": [0.2, 4e-5]}, "usd_per_gpu_hour": 3},
         "slow": {"gpus": 8, "prefill_seconds": {"polynomial": [0.5, 2e-4]},
                  "decode": {"max_batch": 20, "step_ms": 25}, "usd_per_gpu_hour": 1}},
       "clusters": [
         {"cluster": "a", "role": "prefill", "instances": {"fast": 2},
          "link": {"gbps": 50, "usd_per_gb": 0.5}},
         {"cluster": "b", "role": "pd", "instances": {"slow": 8}}],
       "objective": "%s"}\
      """;

  private static final String LOCAL_ONLY =
      """
      {"clusters": [{"cluster": "pd", "role": "pd", "instances": {"h20": 8}}]}\
      """;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"thresholds\": {\"from\": 40000, \"to\": 40000}}",
        "{\"thresholds\": {\"step\": 5000}}",
      })
  void everyStrategyIsDeployedAsThePlanOfTheSameRequestSays(String plan) {
    Plan planned = plan(plan);
    SimulationInput input = resolve("{\"plan\": %s}".formatted(plan));

    for (Contender contender : input.contenders()) {
      Plan.@Nullable Figures figures =
          switch (contender.strategy()) {
            case PRFAAS_PD, PRFAAS_PD_UNCONTROLLED -> planned.best();
            case HOMOGENEOUS_PD -> planned.baselines().homogeneousPd();
            case NAIVE_HETEROGENEOUS_PD -> planned.baselines().naiveHeterogeneousPd();
          };
      Configuration c = contender.spec().deployment().configuration();
      assertThat(figures).as("%s", contender.strategy()).isNotNull();
      assertThat(c.thresholdTokens()).isEqualTo(figures.thresholdTokens());
      assertThat(c.nP()).isEqualTo(figures.nP());
      assertThat(c.sustainedRps()).isEqualTo(figures.lambdaMaxRps());
    }
    assertThat(input.contenders()).hasSize(4);
    assertThat(input.offeredRps())
        .isEqualTo(SimulationRequests.DEFAULT_UTILISATION * planned.best().lambdaMaxRps());
  }

  @Test
  void aPlanForTheCheapestConfigurationSimulatesTheCheapest() {
    assertThat(threshold(PRICED.formatted("cost")))
        .isEqualTo(plan(PRICED.formatted("cost")).best().thresholdTokens())
        .isNotEqualTo(threshold(PRICED.formatted("throughput")));
  }

  @Test
  void withoutPrefillClustersTheOtherStrategiesAreCompared() {
    assertThat(resolve("{\"plan\": %s}".formatted(LOCAL_ONLY)).contenders())
        .extracting(Contender::strategy)
        .containsExactly(
            Strategy.PRFAAS_PD, Strategy.PRFAAS_PD_UNCONTROLLED, Strategy.HOMOGENEOUS_PD);
  }

  @Test
  void whatTheCheckpointThrowsEndsTheSearch() {
    assertThatThrownBy(() ->
            new SimulationRequests(Traces.NONE)
                .resolve(
                    SimulationRequest.EMPTY,
                    () -> {
                      throw new CancellationException();
                    }))
        .isInstanceOf(CancellationException.class);
  }

  private static Plan plan(String json) {
    return Plan.of(
        PlanRequests.resolve(PlanJson.mapper().readValue(json, PlanRequest.class), Traces.NONE));
  }

  private static int threshold(String plan) {
    return resolve("{\"plan\": %s}".formatted(plan))
        .contenders()
        .getFirst()
        .spec()
        .deployment()
        .configuration()
        .thresholdTokens();
  }

  private static SimulationInput resolve(String json) {
    return new SimulationRequests(Traces.NONE)
        .resolve(PlanJson.mapper().readValue(json, SimulationRequest.class), () -> {});
  }
}
