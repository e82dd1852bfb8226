package io.membrane.scheduler.routing;

import static io.membrane.scheduler.routing.Fleets.fleet;
import static io.membrane.scheduler.routing.Fleets.pd;
import static io.membrane.scheduler.routing.Fleets.prefill;
import static io.membrane.scheduler.routing.Fleets.prompt;
import static io.membrane.scheduler.routing.Fleets.raised;
import static io.membrane.scheduler.routing.Fleets.up;
import static io.membrane.scheduler.routing.Fleets.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import io.membrane.wire.SchedulerClient.Transfer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The length rule, where nothing is known of costs. */
class LengthRoutingTest {

  private static final RoutingPolicy POLICY = Fleets.FREE;
  private static final FleetState SCARCE = fleet(Regime.SCARCE);
  private static final FleetState ABUNDANT = fleet(Regime.ABUNDANT);

  @ParameterizedTest(name = "{0} tokens, {1} at pd, {2} at prefill: {3} computes {4}")
  @CsvSource({
    "1000,   0,    0, local,  1000",
    "1001,   0,    0, remote, 1001",
    "3000, 2000,   0, local,  1000",
    "3001, 2000,   0, remote, 3001",
    "3001, 2000, 500, remote, 2501",
    "3000,   0, 2999, remote,    1",
    "3000, 3000,   0, local,     0",
  })
  void scarceBandwidthCountsEachClustersOwnCache(
      int total, int pd, int prefill, String target, int incremental) {
    Decision d = decide(prompt(total, pd("local", pd), prefill("remote", prefill)), SCARCE);
    assertThat(d.target()).isEqualTo(target);
    assertThat(d.incrementalTokens()).isEqualTo(incremental);
    assertThat(d.transfer()).isNull();
    assertThat(d.rule()).isEqualTo(Rule.LENGTH);
  }

  @ParameterizedTest(name = "{0} tokens, {1} at pd, {2} at prefill: {3} computes {4}, {5} moves")
  @CsvSource({
    "1000,   0,    0, local,  1000, no",
    "1001,   0,    0, remote, 1001, no",
    "3000,   0, 2999, local,     1, remote-local",
    "3000, 2000, 2000, local, 1000, no",
    "3000, 2000, 1999, local, 1000, no",
    "3002, 2000, 2001, remote, 1001, no",
    "3002, 2001, 2000, remote, 1001, local-remote",
    "9000,  500,  500, remote, 8500, no",
  })
  void abundantBandwidthCountsTheLongestCacheAndMovesItWhenItIsElsewhere(
      int total, int pd, int prefill, String target, int incremental, String moves) {
    Decision d = decide(prompt(total, pd("local", pd), prefill("remote", prefill)), ABUNDANT);
    assertThat(d.target()).isEqualTo(target);
    assertThat(d.incrementalTokens()).isEqualTo(incremental);
    if (moves.equals("no")) {
      assertThat(d.transfer()).isNull();
    } else {
      String[] ends = moves.split("-", -1);
      assertThat(d.transfer()).isEqualTo(new Transfer(ends[0], ends[1], total - incremental));
    }
  }

  @ParameterizedTest
  @EnumSource(Regime.class)
  void withoutAPrefillClusterEveryLengthStaysLocal(Regime regime) {
    Decision d = decide(prompt(50_000, pd("a", 10), pd("b", 20)), fleet(regime));
    assertThat(d.target()).isEqualTo("b");
    assertThat(d.incrementalTokens()).isEqualTo(49_980);
    assertThat(d.transfer()).isNull();
    assertThat(d.rule()).isEqualTo(Rule.ONLY_ROLE);
    assertThat(d.reason()).isEqualTo("no prefill cluster was offered; 'b' computes 49980");
  }

  @ParameterizedTest
  @EnumSource(Regime.class)
  void withoutAPdClusterEveryLengthGoesToPrefill(Regime regime) {
    Decision d = decide(prompt(10, prefill("a", 0), prefill("b", 0)), fleet(regime));
    assertThat(d.target()).isEqualTo("a");
    assertThat(d.role()).isEqualTo(Role.PREFILL);
    assertThat(d.reason()).isEqualTo("no pd cluster was offered; 'a' computes 10");
  }

  @Test
  void theReasonStatesTheRuleAndItsNumbers() {
    assertThat(decide(prompt(3001, pd("l", 2000), prefill("r", 500)), SCARCE).reason())
        .isEqualTo(
            "scarce bandwidth: 3001 tokens less 2000 cached at 'l' leave 1001, above the threshold"
                + " of 1000; 'r' computes 2501");
    assertThat(decide(prompt(3000, pd("l", 0), prefill("r", 2999)), ABUNDANT).reason())
        .isEqualTo(
            "abundant bandwidth: 3000 tokens less the longest cache, 2999 at 'r', leave 1, within"
                + " the threshold of 1000; 'l' computes 1, after moving 2999 cached tokens from"
                + " 'r'");
  }

  @Test
  void withoutCostsNothingIsExpected() {
    Decision d = decide(prompt(3001, pd("l", 2000), prefill("r", 500)), SCARCE);
    assertThat(d.ttftSeconds()).isEmpty();
    assertThat(d.egressBytes()).isEmpty();
    assertThat(d.terms()).isEmpty();
    assertThat(d.node()).isNull();
  }

  @Test
  void congestionRaisesTheThresholdOfItsLinkAlone() {
    FleetState state = fleet(Regime.SCARCE, raised(up("r", Regime.SCARCE, null), 5000));
    Decision kept = decide(prompt(5000, pd("l", 0), prefill("r", 0)), state);
    assertThat(kept.target()).isEqualTo("l");
    assertThat(kept.thresholdTokens()).isEqualTo(1000);
    assertThat(kept.effectiveThresholdTokens()).isEqualTo(5000);
    assertThat(kept.reason())
        .isEqualTo(
            "scarce bandwidth: 5000 tokens less 0 cached at 'l' leave 5000, within the threshold of"
                + " 5000, raised from 1000 by congestion; 'l' computes 5000");
    assertThat(decide(prompt(5001, pd("l", 0), prefill("r", 0)), state).target()).isEqualTo("r");

    Decision other = decide(prompt(5000, pd("l", 0), prefill("r", 9), prefill("s", 0)), state);
    assertThat(other.target()).isEqualTo("s");
    assertThat(other.effectiveThresholdTokens()).isEqualTo(1000);
  }

  @Test
  void eachLinkHasItsOwnRegime() {
    FleetState state = fleet(Regime.SCARCE, up("rich", Regime.ABUNDANT, null));
    Decision toPoor =
        decide(prompt(3000, pd("l", 0), prefill("poor", 0), prefill("rich", 2500)), state);
    assertThat(toPoor.target()).isEqualTo("poor");
    assertThat(toPoor.regime()).isEqualTo(Regime.SCARCE);
    Decision moved = decide(prompt(3000, pd("l", 2100), prefill("rich", 2500)), state);
    assertThat(moved.target()).isEqualTo("l");
    assertThat(moved.transfer()).isEqualTo(new Transfer("rich", "l", 2500));
  }

  @ParameterizedTest
  @EnumSource(value = Availability.class, names = "UP", mode = EnumSource.Mode.EXCLUDE)
  void clustersThatTakeNothingAreLeftOutAndTheOtherRoleTakesEverything(Availability out) {
    ClusterCondition r = up("r", Regime.SCARCE, null);
    FleetState state = fleet(Regime.SCARCE, with(r, out, "silent for 31 s"));
    Decision d = decide(prompt(9000, pd("l", 0), prefill("r", 0)), state);
    assertThat(d.target()).isEqualTo("l");
    assertThat(d.rule()).isEqualTo(Rule.ONLY_ROLE);
    assertThat(d.reason())
        .isEqualTo(
            "'r' is %s (silent for 31 s); no prefill cluster is up; 'l' computes 9000"
                .formatted(out.name().toLowerCase(java.util.Locale.ROOT)));
    assertThat(decide(prompt(9000, pd("l", 0), prefill("r", 0), prefill("s", 0)), state).target())
        .isEqualTo("s");
  }

  @Test
  void aPromptThatNobodyTakesMayBeTriedAgain() {
    ClusterCondition l = with(up("l", Regime.SCARCE, null), Availability.GONE, "silent for 31 s");
    ClusterCondition r = with(up("r", Regime.SCARCE, null), Availability.DRAINING, "");
    assertThatThrownBy(
            () -> decide(prompt(10, pd("l", 0), prefill("r", 0)), fleet(Regime.SCARCE, l, r)))
        .isInstanceOfSatisfying(
            MembraneException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
              assertThat(e.code().retriable()).isTrue();
            })
        .hasMessage(
            "no candidate takes prompts now: 'l' is gone (silent for 31 s); 'r' is draining; try"
                + " again when one is back");
  }

  @Test
  void impossibleRequestsAreRefused() {
    assertThatThrownBy(() -> decide(prompt(10, pd("a", 11)), SCARCE))
        .isInstanceOf(MembraneException.class)
        .hasMessageContaining("cannot hold 11 tokens of a prompt of 10");
    assertThatThrownBy(() -> decide(prompt(10, pd("a", 1, new NodeCandidate("n", 12, 0))), SCARCE))
        .isInstanceOf(MembraneException.class)
        .hasMessageContaining("node 'n' cannot hold 12 tokens of a prompt of 10");
    assertThatThrownBy(() -> decide(prompt(10, pd("a", 1), prefill("a", 1)), SCARCE))
        .isInstanceOf(MembraneException.class)
        .hasMessageContaining("'a' is named twice");
    assertThatThrownBy(() -> FleetState.of(-1, Regime.SCARCE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RouteQuery(10, List.of(), null))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RouteQuery(10, List.of(pd("a", 0)), Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Decision decide(RouteQuery query, FleetState state) {
    return POLICY.decide(query, state, new InFlight(), 0);
  }
}
