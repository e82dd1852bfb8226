package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.reconstruction.explain.Explanation;
import io.membrane.wire.ComputeClient.ProfilePoint;
import io.membrane.wire.ReconstructionClient.Action;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.PlanResponse;
import io.membrane.wire.ReconstructionClient.PlannedStep;
import io.membrane.wire.ReconstructionClient.Source;
import io.membrane.wire.SchedulerClient.Regime;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The worker of cluster local computes faster than its KV is fetched, that of far slower. */
class PlanTest {

  private static final MiniFleet FLEET = FleetTest.FLEET;

  private static Replica service;

  @BeforeAll
  static void start() {
    FLEET.reset();
    FLEET.local.measured(List.of(new ProfilePoint(1000, 1, 1L << 30)));
    FLEET.far.measured(List.of(new ProfilePoint(1000, 1e6, 1000)));
    service = new Replica(FLEET, FleetTest.REDIS);
    service.plan(FleetTest.context(FleetTest.tokens(299, 20)));
    FLEET.local.measured(null);
    FLEET.far.measured(null);
  }

  @AfterAll
  static void stop() {
    service.close();
    FLEET.reset();
  }

  @BeforeEach
  void healthy() {
    FLEET.reset();
  }

  @Test
  void whatIsSlowerToFetchIsRecomputed() {
    Tokens prompt = FleetTest.tokens(300, 100);
    FleetTest.store("local", prompt, 4);

    ContextResponse answer = service.ask(FleetTest.context(prompt));

    assertThat(answer.coverage().prefilledTokens()).isEqualTo(100);
    assertThat(answer.segments().getFirst().source()).isEqualTo(Source.PREFILL);
    assertThat(answer.segments().getFirst().tokenSpan()).isEqualTo(new TokenSpan(0, 64));
    assertThat(answer.segments().getFirst().why()).contains("fetching takes longer");
    assertThat(answer.segments())
        .allSatisfy(segment -> assertThat(segment.costMs()).isNotNull().isPositive());
    assertThat(FLEET.local.peer.calls("/v1/prefill").getFirst().body()).doesNotContain("prefix");
    assertThat(service.get("/actuator/prometheus").body())
        .containsPattern("membrane_reconstruction_declined_tokens_total [1-9]")
        .containsPattern("membrane_reconstruction_missed_tokens_total\\{reason=\"slower\"} [1-9]");
  }

  @Test
  void whatIsFasterToFetchIsFetched() {
    Tokens prompt = FleetTest.tokens(301, 100);
    FleetTest.store("far", prompt, 4);
    FLEET.route(r -> MiniFleet.to("far", Regime.SCARCE, r));

    ContextResponse answer = service.ask(FleetTest.context(prompt));

    assertThat(answer.coverage().reusedTokens()).isEqualTo(64);
  }

  @Test
  void aLinkThatTurnsOutSlowIsUsedNoMore() {
    Tokens prompt = FleetTest.tokens(306, 100);
    FleetTest.store("local", prompt, 4);
    FLEET.local.measured(List.of(new ProfilePoint(1000, 1e4, 1_000_000)));
    FLEET.local.fetchesIn(1e9);
    try (Replica other = new Replica(FLEET, FleetTest.REDIS)) {
      assertThat(other.ask(FleetTest.context(prompt)).coverage().reusedTokens()).isEqualTo(64);

      assertThat(other.plan(FleetTest.context(FleetTest.tokens(306, 100))).steps().getFirst())
          .extracting(PlannedStep::action)
          .isEqualTo(Action.RECOMPUTE);
    } finally {
      FLEET.local.measured(null);
    }
  }

  @Test
  void anExplanationTellsWhatElseWouldHaveTaken() {
    Tokens prompt = FleetTest.tokens(302, 100);
    FleetTest.store("local", prompt, 4);
    String id = service.ask(FleetTest.context(prompt)).contextId();

    Explanation explanation =
        Replica.read(service.get("/v1/contexts/" + id + "/explanation"), Explanation.class);

    PlanResponse plan = Objects.requireNonNull(explanation.plan());
    assertThat(plan.steps().getFirst().action()).isEqualTo(Action.RECOMPUTE);
    assertThat(plan.alternatives()).hasSize(1);
    assertThat(plan.alternatives().getFirst().fetchedTokens()).isEqualTo(64);
    assertThat(plan.alternatives().getFirst().costMs())
        .isGreaterThan(Objects.requireNonNull(plan.costMs()));
    assertThat(plan.reason()).contains("computing all of it").contains("fetching 64 tokens");
  }

  @Test
  void aPlanAloneFetchesAndComputesNothing() {
    Tokens prompt = FleetTest.tokens(303, 100);
    FleetTest.store("far", prompt, 4);
    FLEET.route(r -> MiniFleet.to("far", Regime.SCARCE, r));

    PlanResponse plan = service.plan(FleetTest.context(prompt));

    assertThat(plan.steps())
        .extracting(PlannedStep::action)
        .containsExactly(Action.FETCH, Action.RECOMPUTE, Action.RECOMPUTE);
    assertThat(Objects.requireNonNull(plan.route()).target()).isEqualTo("far");
    assertThat(FLEET.far.peer.calls("/v1/prefill")).isEmpty();
    assertThat(FLEET.fragments.calls("/v1/fragments/exists")).isEmpty();
  }

  @Test
  void aPlanThatMayNotComputeLeavesWhatIsMissing() {
    Tokens prompt = FleetTest.tokens(304, 100);
    FleetTest.store("local", prompt, 4);

    PlanResponse plan = service.plan(FleetTest.context(prompt).with("on_miss", "report"));

    assertThat(plan.steps())
        .extracting(PlannedStep::action)
        .containsExactly(Action.FETCH, Action.LEAVE, Action.LEAVE);
    assertThat(plan.route()).isNull();
    assertThat(plan.reason()).contains("nothing is computed");
  }

  @Test
  void aWorkerWithoutAProfileFetchesAllThatIsStored() {
    for (List<ProfilePoint> none :
        List.of(List.<ProfilePoint>of(), List.of(new ProfilePoint(-1, 1, 1)))) {
      FLEET.local.measured(none);
      try (Replica other = new Replica(FLEET, FleetTest.REDIS)) {
        Tokens prompt = FleetTest.tokens(305, 100);
        FleetTest.store("local", prompt, 4);

        PlanResponse plan = other.plan(FleetTest.context(prompt));

        assertThat(plan.steps().getFirst().action()).isEqualTo(Action.FETCH);
        assertThat(plan.costMs()).isNull();
        assertThat(plan.reason()).contains("no profile yet");
      } finally {
        FLEET.local.measured(null);
      }
    }
  }

  @Test
  void aPlanOfNonsenseIsRefused() {
    assertThat(service.post("/v1/contexts/plan", "{}").statusCode()).isEqualTo(400);
  }
}
