package io.membrane.scheduler.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.planning.Plan;
import io.membrane.scheduler.planning.Plan.Basis;
import io.membrane.scheduler.planning.Plan.Reproduced;
import io.membrane.scheduler.planning.PlanInput;
import io.membrane.scheduler.request.Bundle.BundledProfile;
import io.membrane.scheduler.request.Bundle.Mark;
import io.membrane.scheduler.simulation.traffic.Trace;
import io.membrane.scheduler.throughput.InstanceType;
import io.membrane.scheduler.throughput.LengthCurve;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlanRequestsTest {

  /** The tolerances are those of the issue: 2 %, egress 5 %, whole numbers exactly. */
  @Test
  void nothingGivenReproducesTable6() {
    Plan plan = Plan.of(PlanRequests.resolve(null, Traces.NONE));

    List<Reproduced> figures = Objects.requireNonNull(plan.reproduction());
    assertThat(figures).hasSize(29);
    for (Reproduced r : figures) {
      double tolerance =
          switch (r.figure()) {
            case "n_prefill", "n_p", "n_d" -> 0;
            case "egress_gbps" -> 0.05;
            default -> 0.02;
          };
      assertThat(Math.abs(r.deviation()))
          .as("%s %s", r.configuration(), r.figure())
          .isLessThanOrEqualTo(tolerance);
      assertThat(r.tolerance()).isEqualTo(tolerance);
      assertThat(r.deviation()).isEqualTo(r.ours() == r.paper() ? 0 : r.ours() / r.paper() - 1);
    }
    assertThat(figures)
        .filteredOn(r -> r.basis() == Basis.FITTED)
        .extracting(r -> r.configuration() + " " + r.figure())
        .containsExactlyInAnyOrder(
            "prfaas_pd theta_pd_p_rps",
            "prfaas_pd theta_pd_d_rps",
            "homogeneous_pd theta_pd_p_rps",
            "homogeneous_pd theta_pd_d_rps",
            "homogeneous_pd lambda_max_rps",
            "homogeneous_pd ttft_p90_s",
            "naive_heterogeneous_pd theta_pd_d_rps");
    assertThat(plan.ratios().bestToHomogeneousPd()).isCloseTo(1.546, within(0.002));
    assertThat(plan.ratios().bestToNaiveHeterogeneousPd()).isCloseTo(1.325, within(0.002));
    assertThat(plan.ratios().naiveHeterogeneousPdToHomogeneousPd()).isCloseTo(1.167, within(0.002));
    assertThat(plan.notes()).anyMatch(n -> n.contains("no evidence"));
    assertThat(plan.notes()).anyMatch(n -> n.contains("'h20' is fitted"));
  }

  @Test
  void anEmptyObjectAndACopyOfTheCaseStudyAreTheCaseStudy() {
    assertThat(resolve("{}").caseStudy()).isTrue();
    assertThat(PlanRequests.resolve(Bundle.caseStudy(), Traces.NONE).caseStudy()).isTrue();
    assertThat(resolve("{\"workload\": {\"arrival_rps\": 2}}").caseStudy()).isTrue();
    assertThat(resolve("{\"workload\": {\"output_tokens\": 512}}").caseStudy()).isFalse();
  }

  @Test
  void whatIsLeftOutStaysTheCaseStudys() {
    PlanInput output = resolve("{\"workload\": {\"output_tokens\": 512}}");
    assertThat(output.workload().outputTokens()).isEqualTo(512);
    assertThat(output.workload().input().mean()).isCloseTo(27_485.7, within(0.1));
    assertThat(output.fleet().pd().getFirst().instances()).isEqualTo(8);

    PlanInput clusters =
        resolve(
            "{\"clusters\": [{\"cluster\": \"a\", \"role\": \"pd\", \"instances\": {\"h20\": 3}}]}");
    assertThat(clusters.fleet().prefill()).isEmpty();
    assertThat(clusters.fleet().pd().getFirst().instances()).isEqualTo(3);
    assertThat(clusters.workload().outputTokens()).isEqualTo(1024);
  }

  @Test
  void aProfileOfOnesOwnComesBeforeTheBundledOneOfItsName() {
    PlanInput input =
        resolve(
            """
            {"profiles": {"h20": {"gpus": 4, "prefill_seconds": {"polynomial": [2]},
               "decode": {"max_batch": 10, "step_ms": 50}, "usd_per_gpu_hour": 2.5}}}\
            """);
    InstanceType h20 = input.fleet().pd().getFirst().type();
    assertThat(h20.gpus()).isEqualTo(4);
    assertThat(h20.prefillSeconds().at(7)).isEqualTo(2);
    assertThat(Objects.requireNonNull(h20.decode()).stepSeconds()).isEqualTo(0.05);
    assertThat(h20.usdPerGpuHour().at(23)).isEqualTo(2.5);
    assertThat(input.priced()).isTrue();
    assertThat(input.notes()).noneMatch(n -> n.contains("'h20'"));
  }

  @Test
  void samplesBecomeATableOfMedians() {
    LengthCurve curve =
        resolve(
                """
                {"model": {"kv_bytes": {"samples":
                   [[200, 9], [100, 4], [100, 2], [200, 7], [100, 3000]]}}}\
                """)
            .fleet()
            .kvBytes();
    assertThat(curve.at(100)).isCloseTo(4, within(1e-9));
    assertThat(curve.at(200)).isCloseTo(8, within(1e-9));
  }

  @Test
  void kvThroughputBecomesSecondsWithTheModelsBytes() {
    PlanInput input =
        resolve(
            """
            {"model": "qwen3-235b", "clusters": [
              {"cluster": "far", "role": "prefill", "instances": {"h200/qwen3-235b": 2},
               "link": {"gbps": 400}},
              {"cluster": "pd", "role": "pd", "instances": {"h20": 8}}]}\
            """);
    LengthCurve seconds =
        input.fleet().prefill().getFirst().pools().getFirst().type().prefillSeconds();
    assertThat(seconds.at(8192)).isCloseTo(192_512.0 * 8192 * 8 / 1e9 / 22.42, within(1e-9));
    assertThat(input.notes())
        .anyMatch(n -> n.contains("profile 'h20' was measured with prfaas-1t-hybrid"))
        .noneMatch(n -> n.contains("qwen3-235b' was measured"));
  }

  @Test
  void aTraceBringsItsLengthsAndItsOutput() {
    PlanRequest request =
        PlanJson.mapper()
            .readValue("{\"workload\": {\"input\": {\"trace\": \"t1\"}}}", PlanRequest.class);
    PlanInput input =
        PlanRequests.resolve(
            request,
            id ->
                id.equals("t1")
                    ? Optional.of(
                        new Trace(
                            List.of(
                                new Trace.Request(9, 1000, 70, new int[] {0, 1}),
                                new Trace.Request(0, 600, 84, new int[] {0, 2}))))
                    : Optional.empty());
    assertThat(input.workload().input().min()).isEqualTo(1000 - Trace.BLOCK_TOKENS);
    assertThat(input.workload().input().max()).isEqualTo(600);
    assertThat(input.workload().outputTokens()).isEqualTo(77);
    assertThat(input.notes()).anyMatch(n -> n.contains("not in order of arrival"));

    assertThatThrownBy(() -> PlanRequests.resolve(request, Traces.NONE))
        .isInstanceOf(MembraneException.class)
        .hasMessageStartingWith("workload.input.trace: there is no trace 't1'");
  }

  @Test
  void aTableThatIsReadBeyondItsRowsIsNamedWithItsRange() {
    String body =
        """
        {"profiles": {"mine": {"gpus": 8, "decode": {"max_batch": 20, "step_ms": 25},
           "prefill_seconds": {"samples": [[1000, 0.5], [8000, 1], [30000, 4]]}}},
         "clusters": [{"cluster": "a", "role": "pd", "instances": {"mine": 8}}],
         "workload": {"input": {"lengths": [%s]}}}\
        """;

    assertThat(resolve(body.formatted("1000, 30000")).notes()).isEmpty();
    for (String lengths : List.of("999, 5000", "5000, 30001")) {
      assertThat(resolve(body.formatted(lengths)).notes())
          .singleElement()
          .asString()
          .contains("profile 'mine' is known from 1000 to 30000 tokens")
          .contains("read from " + lengths.replace(",", " to"));
    }
  }

  @Test
  void aProfileThatNobodyUsesIsNamedAndItsPriceMakesNoCost() {
    PlanInput input =
        resolve(
            """
            {"profiles": {"spare": {"gpus": 8, "prefill_seconds": {"polynomial": [1]},
               "usd_per_gpu_hour": 2}}}\
            """);
    assertThat(input.notes()).anyMatch(n -> n.contains("profile 'spare' is not used"));
    assertThat(input.priced()).isFalse();
  }

  @Test
  void theCheapestIsRefusedWithoutPrices() {
    assertThatThrownBy(() -> resolve("{\"objective\": \"cost\"}"))
        .isInstanceOfSatisfying(
            MembraneException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.IMPOSSIBLE_REQUEST))
        .hasMessageContaining("usd_per_gpu_hour");
  }

  @Test
  void everyBundledProfileHasASourceAndAMarkAndCanBePlannedWithOrSaysWhatIsMissing() {
    List<BundledProfile> profiles = Bundle.bundled().profiles();
    assertThat(profiles).hasSize(8);
    assertThat(profiles)
        .allSatisfy(p -> {
          assertThat(p.source()).contains("2604.15039");
          assertThat((p.decode() == null) == (p.decodeMark() == null)).isTrue();
        });
    assertThat(Bundle.bundled().profile("h20"))
        .hasValueSatisfying(p -> assertThat(p.mark()).isEqualTo(Mark.FITTED));
    for (BundledProfile profile : profiles) {
      String body =
          """
          {"model": %s, "clusters": [
            {"cluster": "far", "role": "prefill", "instances": {"%s": 4}, "link": {"gbps": 100}},
            {"cluster": "pd", "role": "pd", "instances": {"h20": 8}}]}\
          """;
      String bytes = "{\"kv_bytes\": {\"polynomial\": [1e8, 20000]}}";
      boolean known = Bundle.bundled().model(profile.model()).isPresent();
      String model = known ? "\"" + profile.model() + "\"" : bytes;
      Plan plan =
          Plan.of(
              PlanRequests.resolve(
                  PlanJson.mapper()
                      .readValue(body.formatted(model, profile.name()), PlanRequest.class),
                  Traces.NONE));
      assertThat(plan.best().lambdaMaxRps()).isPositive();
      if (!known) {
        assertThatThrownBy(
                () -> resolve(body.formatted("\"" + profile.model() + "\"", profile.name())))
            .hasMessageContaining("kv_bytes");
      }
    }
  }

  private static PlanInput resolve(String json) {
    return PlanRequests.resolve(PlanJson.mapper().readValue(json, PlanRequest.class), Traces.NONE);
  }
}
