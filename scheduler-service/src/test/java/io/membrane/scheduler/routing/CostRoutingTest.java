package io.membrane.scheduler.routing;

import static io.membrane.scheduler.routing.Fleets.fleet;
import static io.membrane.scheduler.routing.Fleets.pd;
import static io.membrane.scheduler.routing.Fleets.prefill;
import static io.membrane.scheduler.routing.Fleets.prompt;
import static io.membrane.scheduler.routing.Fleets.speed;
import static io.membrane.scheduler.routing.Fleets.up;
import static io.membrane.scheduler.routing.Fleets.waiting;
import static io.membrane.scheduler.routing.Fleets.within;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.throughput.PolynomialCurve;
import io.membrane.wire.SchedulerClient.Regime;
import java.time.Duration;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Costs, deadlines and nodes. Locally a token takes 1 ms; KV takes 1 ms a token on the link. */
class CostRoutingTest {

  private static final Offset<Double> EXACTLY = within(1e-9);
  private static final RoutingPolicy POLICY = new RoutingPolicy(RoutingSettings.DEFAULT);

  private final InFlight inFlight = new InFlight();

  @Test
  void theTermsAreThoseOfTheFormula() {
    ClusterCost priced =
        new ClusterCost(
            PolynomialCurve.of(0.5, 1e-4), PolynomialCurve.of(1e6, 1e6), 4, 0.002, 0.05);
    ClusterCondition r = waiting(up("r", Regime.SCARCE, priced), 0.25);
    Decision d =
        decide(
            prompt(5000, pd("l", 1000), prefill("r", 2000)),
            fleet(Regime.SCARCE, r, up("l", Regime.SCARCE, speed(1e-2))));

    assertThat(d.target()).isEqualTo("r");
    Terms terms = d.terms().getLast();
    assertThat(terms.cluster()).isEqualTo("r");
    assertThat(terms.incrementalTokens()).isEqualTo(3000);
    assertThat(terms.waitSeconds()).isEqualTo(0.25);
    assertThat(terms.prefillSeconds()).isCloseTo(0.8, EXACTLY);
    assertThat(terms.egressBytes()).isCloseTo(4001e6, EXACTLY);
    assertThat(terms.transferSeconds()).isCloseTo(4.001, EXACTLY);
    assertThat(terms.ttftSeconds()).isCloseTo(0.25 + 0.8 + 4.001, EXACTLY);
    assertThat(terms.gpuUsd()).isCloseTo(0.8 * 0.002, EXACTLY);
    assertThat(terms.egressUsd()).isCloseTo(4.001 * 0.05, EXACTLY);
    assertThat(terms.totalUsd()).isCloseTo(0.05051 + 0.0016 + 0.20005, EXACTLY);
    assertThat(d.ttftSeconds()).hasValue(terms.ttftSeconds());
    assertThat(d.egressBytes()).hasValue(terms.egressBytes());
  }

  @Test
  void anOffloadThatDoesNotPayStaysLocalAndSaysSo() {
    RouteQuery query = prompt(5000, pd("l", 0), prefill("r", 0));
    FleetState fast = fleet(Regime.SCARCE, local(1e-3), up("r", Regime.SCARCE, speed(1e-5)));
    Decision stays = decide(query, fast);
    assertThat(stays.target()).isEqualTo("l");
    assertThat(stays.rule()).isEqualTo(Rule.TRANSFER_DOES_NOT_PAY);
    assertThat(stays.reason())
        .isEqualTo(
            "scarce bandwidth: 5000 tokens less 0 cached at 'l' leave 5000, above the threshold of"
                + " 1000; sending the KV from 'r' does not pay: USD 0.050500 and a first token"
                + " after 5.050 s, against USD 0.050000 and 5.000 s at 'l'; 'l' computes 5000");
    FleetState slow = fleet(Regime.SCARCE, local(1.01e-3), up("r", Regime.SCARCE, speed(1e-5)));
    assertThat(decide(query, slow).target()).isEqualTo("r");
  }

  @Test
  void whereLocalPromptsWaitAnotherOneCostsThoseBehindItToo() {
    RouteQuery query = prompt(5000, pd("l", 0), prefill("r", 0));
    ClusterCondition away = waiting(up("r", Regime.SCARCE, speed(1e-5)), 2);
    Decision idle = decide(query, fleet(Regime.SCARCE, local(1e-3), away));
    assertThat(idle.target()).isEqualTo("l");
    ClusterCondition waits = waiting(local(1e-3), 0.5);
    assertThat(decide(query, fleet(Regime.SCARCE, waits, away)).target()).isEqualTo("r");
  }

  @Test
  void anOffloadThatIsAsGoodStands() {
    FleetState state = fleet(Regime.SCARCE, local(1e-3), up("r", Regime.SCARCE, speed(0x1p-60)));
    Decision d = Fleets.FREE.decide(prompt(5000, pd("l", 0), prefill("r", 0)), state, inFlight, 0);
    assertThat(d.target()).isEqualTo("r");
    assertThat(d.rule()).isEqualTo(Rule.LENGTH);
  }

  @Test
  void aLinkOrAClusterOfUnknownSpeedLeavesTheLengthRuleAlone() {
    RouteQuery query = prompt(5000, pd("l", 0), prefill("r", 0));
    assertThat(decide(query, fleet(Regime.SCARCE, local(1e-9))).target()).isEqualTo("r");
    ClusterCondition unmeasured =
        new ClusterCondition("r", Availability.UP, "", 1000, Regime.SCARCE, 0, 0, speed(1));
    Decision d = decide(query, fleet(Regime.SCARCE, local(1e-9), unmeasured));
    assertThat(d.target()).isEqualTo("r");
    assertThat(d.terms()).extracting(Terms::cluster).containsExactly("l");
  }

  @Test
  void ofSeveralClustersTheCheapestGetsItAndWithoutAllCostsTheLongestCache() {
    RouteQuery query =
        prompt(5000, pd("l", 0), prefill("quick", 0), prefill("rich", 2000), prefill("slow", 0));
    ClusterCondition quick = up("quick", Regime.SCARCE, speed(1e-6));
    ClusterCondition rich = up("rich", Regime.SCARCE, speed(1e-2));
    ClusterCondition slow = up("slow", Regime.SCARCE, speed(1e-1));
    assertThat(decide(query, fleet(Regime.SCARCE, quick, rich, slow)).target()).isEqualTo("quick");
    assertThat(decide(query, fleet(Regime.SCARCE, quick, rich)).target()).isEqualTo("rich");
  }

  @Test
  void ofSeveralPdClustersTheCheapestStandsForTheShortPrompts() {
    Decision d =
        decide(
            prompt(800, pd("busy", 100), pd("idle", 0), prefill("r", 0)),
            fleet(
                Regime.SCARCE,
                waiting(up("busy", Regime.SCARCE, speed(1e-3)), 2),
                up("idle", Regime.SCARCE, speed(1e-3))));
    assertThat(d.target()).isEqualTo("idle");
  }

  @Test
  void aMovedPrefixCostsItsTimeOnTheLink() {
    FleetState state =
        fleet(
            Regime.ABUNDANT,
            up("l", Regime.ABUNDANT, speed(1e-3)),
            up("r", Regime.ABUNDANT, speed(1e-4)));
    Decision home = decide(prompt(3000, pd("l", 500), prefill("r", 2500)), state);
    assertThat(home.target()).isEqualTo("l");
    assertThat(home.terms().getFirst().transferSeconds()).isCloseTo(2.0, EXACTLY);
    assertThat(home.egressBytes()).hasValue(2000e6);
    assertThat(home.ttftSeconds().orElseThrow()).isCloseTo(2.5, EXACTLY);

    Decision away = decide(prompt(9000, pd("l", 500), prefill("r", 100)), state);
    assertThat(away.terms().getLast().incrementalTokens()).isEqualTo(8500);
    assertThat(away.terms().getLast().transferSeconds()).isCloseTo(0.4 + 8.5, EXACTLY);
    assertThat(away.terms().getLast().egressBytes()).isCloseTo(8500e6, EXACTLY);
  }

  @Test
  void theDeadlineTakesTheOtherClusterIfThatMeetsIt() {
    RouteQuery query = prompt(5000, pd("l", 0), prefill("r", 0));
    FleetState state =
        fleet(Regime.SCARCE, local(1e-3), waiting(up("r", Regime.SCARCE, speed(1e-5)), 0));
    RoutingPolicy money = Fleets.FREE;
    Decision late = money.decide(query, state, inFlight, 0);
    assertThat(late.target()).isEqualTo("r");

    Decision inTime = money.decide(within(Duration.ofMillis(5020), query), state, inFlight, 0);
    assertThat(inTime.target()).isEqualTo("l");
    assertThat(inTime.rule()).isEqualTo(Rule.DEADLINE);
    assertThat(inTime.reason())
        .contains(
            "; the first token would take 5.050 s at 'r', longer than the 5.020 s asked for; it"
                + " takes 5.000 s at 'l'; 'l' computes 5000");

    Decision nobody = money.decide(within(Duration.ofMillis(4999), query), state, inFlight, 0);
    assertThat(nobody.target()).isEqualTo("r");
    assertThat(nobody.rule()).isEqualTo(Rule.LENGTH);
    assertThat(nobody.reason())
        .contains("expected after 5.050 s, and nobody is faster than the 4.999 s asked for");

    assertThat(money.decide(within(Duration.ofSeconds(6), query), state, inFlight, 0).target())
        .isEqualTo("r");
  }

  @Test
  void aPromptThatWouldWaitTooLongGoesWhereItWouldNot() {
    RouteQuery query = prompt(900, pd("l", 0), prefill("r", 0));
    FleetState state =
        fleet(
            Regime.SCARCE,
            waiting(local(1e-3), 29.2),
            waiting(up("r", Regime.SCARCE, speed(1e-5)), 20));

    Decision diverted = decide(query, state);

    assertThat(diverted.target()).isEqualTo("r");
    assertThat(diverted.rule()).isEqualTo(Rule.MAX_WAIT);
    assertThat(diverted.reason())
        .contains("within the threshold of 1000; it would wait 29.200 s at 'l', longer than it may")
        .endsWith("'r' computes 900");
    assertThat(decide(prompt(800, pd("l", 0), prefill("r", 0)), state).target())
        .as("29.2 s and 0.8 s are no longer than 30 s")
        .isEqualTo("l");
  }

  @Test
  void aPromptIsRefusedWhereEveryClusterIsTooBusy() {
    FleetState state =
        fleet(
            Regime.SCARCE,
            waiting(local(1e-3), 29.2),
            waiting(up("r", Regime.SCARCE, speed(1e-5)), 31));

    assertThatThrownBy(() -> decide(prompt(900, pd("l", 0), prefill("r", 0)), state))
        .isInstanceOfSatisfying(
            MembraneException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED))
        .hasMessageContaining("would wait 29.2 s at 'l' and be prefilled for 0.9 s")
        .hasMessageContaining("30.0 s of max-wait");
  }

  @Test
  void aPromptThatWouldWaitTooLongDoesNotGoWhereItWouldTakeEvenLonger() {
    ClusterCondition thin =
        new ClusterCondition(
            "r", Availability.UP, "", Fleets.T, Regime.SCARCE, 0, 0.001, speed(1e-5));
    FleetState state = fleet(Regime.SCARCE, waiting(local(1e-3), 100), thin);

    assertThatThrownBy(() -> decide(prompt(900, pd("l", 0), prefill("r", 0)), state))
        .hasMessageContaining("no cluster is known to be sooner");
  }

  @Test
  void aPromptThatNeedNotWaitIsTakenHoweverLongItsPrefill() {
    FleetState state = fleet(Regime.SCARCE, local(1));
    assertThat(decide(prompt(900, pd("l", 0)), state).target()).isEqualTo("l");
  }

  @Test
  void nothingIsRefusedForAClusterWhoseCostsAreUnknown() {
    FleetState state = fleet(Regime.SCARCE, waiting(up("l", Regime.SCARCE, null), 100));
    assertThat(decide(prompt(900, pd("l", 0)), state).target()).isEqualTo("l");
  }

  @Test
  void anUnknownClusterBesideDoesNotSpareARefusal() {
    FleetState state = fleet(Regime.SCARCE, waiting(local(1e-3), 100));
    assertThatThrownBy(() -> decide(prompt(900, pd("l", 0), prefill("mars", 0)), state))
        .hasMessageContaining("no cluster is known to be sooner");
  }

  @Test
  void withoutCostsPromptsAreSharedByTheTokensInFlight() {
    RouteQuery query = prompt(5000, pd("l", 0), prefill("r", 0), prefill("s", 0), prefill("t", 0));
    StringBuilder targets = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      Decision d = decide(query, fleet(Regime.SCARCE));
      targets.append(d.target());
      inFlight.add(d, 0);
    }
    assertThat(targets.toString()).isEqualTo("rstrst");
  }

  @Test
  void aDeadlineMayBeAsFarAsThereAreNumbers() {
    RouteQuery query = prompt(900, pd("l", 0), prefill("r", 0));
    FleetState state = fleet(Regime.SCARCE, local(1e-3));
    assertThat(decide(within(Duration.ofMillis(Long.MAX_VALUE), query), state).target())
        .isEqualTo("l");
  }

  @Test
  void whatIsInFlightMakesTheNextOneWait() {
    RouteQuery query = prompt(800, pd("l", 0));
    ClusterCost two =
        new ClusterCost(PolynomialCurve.of(0.0, 1e-3), PolynomialCurve.of(1.0), 2, 0, 0);
    FleetState state = fleet(Regime.SCARCE, up("l", Regime.SCARCE, two));
    double[] waits = new double[5];
    for (int i = 0; i < waits.length; i++) {
      Decision d = decide(query, state);
      waits[i] = d.terms().getFirst().waitSeconds();
      inFlight.add(d, 0);
    }
    assertThat(waits).containsExactly(new double[] {0, 0, 0.4, 0.8, 1.2}, EXACTLY);
  }

  @Test
  void aQueueThatTelemetryAlreadyShowsIsNotCountedTwice() {
    RouteQuery query = prompt(800, pd("l", 0));
    FleetState state = fleet(Regime.SCARCE, waiting(local(1e-3), 1.5));
    inFlight.add(decide(query, state), 0);
    assertThat(decide(query, state).terms().getFirst().waitSeconds()).isEqualTo(1.5);
    inFlight.add(decide(query, state), 0);
    assertThat(decide(query, state).terms().getFirst().waitSeconds()).isCloseTo(1.6, EXACTLY);
  }

  @Test
  void theNodeWithTheFewestTokensToDoGetsIt() {
    Decision d =
        decide(
            prompt(
                900,
                pd(
                    "l",
                    600,
                    new NodeCandidate("a", 0, 0),
                    new NodeCandidate("b", 600, 700),
                    new NodeCandidate("d", 500, 400),
                    new NodeCandidate("c", 600, 500))),
            fleet(Regime.SCARCE));
    assertThat(d.node()).isEqualTo("c");
    assertThat(d.reason()).endsWith("'l' computes 300 on 'c'");
  }

  @Test
  void promptsInFlightAreSpreadOverTheNodes() {
    RouteQuery query =
        prompt(900, pd("l", 0, new NodeCandidate("a", 0, 0), new NodeCandidate("b", 500, 0)));
    FleetState state = fleet(Regime.SCARCE);
    StringBuilder nodes = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      Decision d = decide(query, state);
      nodes.append(d.node());
      inFlight.add(d, 0);
    }
    assertThat(nodes.toString()).isEqualTo("bababa");
  }

  private Decision decide(RouteQuery query, FleetState state) {
    return POLICY.decide(query, state, inFlight, 0);
  }

  private static ClusterCondition local(double secondsPerToken) {
    return up("l", Regime.SCARCE, speed(secondsPerToken));
  }
}
