package io.membrane.scheduler.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.TestClock;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.routing.Availability;
import io.membrane.scheduler.routing.Candidate;
import io.membrane.scheduler.routing.RouteQuery;
import io.membrane.scheduler.routing.RoutingPolicy;
import io.membrane.scheduler.routing.RoutingSettings;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LiveFleetTest {

  private final TestClock clock = new TestClock();
  private final RedisProcess redis = RedisProcess.embedded();
  private final OneReplica one = new OneReplica(redis.port(), clock);

  @BeforeEach
  void known() {
    one.live.refresh();
  }

  @AfterEach
  void stop() {
    one.close();
    redis.close();
  }

  @Test
  void beforeAnythingIsReportedThePlanHolds() {
    assertThat(one.live.state().thresholdTokens()).isEqualTo(OneReplica.PLANNED.thresholdTokens());
    assertThat(one.effectiveThreshold()).isEqualTo(OneReplica.PLANNED.thresholdTokens());
    assertThat(one.live.state().of("far").linkGbps()).isEqualTo(100);
    assertThat(one.live.state().of("near").cost()).isNotNull();
  }

  @Test
  void aBusyLinkRaisesTheThresholdAndAnIdleOneBringsItBackExactly() {
    int t = one.live.state().thresholdTokens();
    for (int i = 0; i < 30; i++) {
      one.link(99, 20);
    }
    assertThat(one.effectiveThreshold()).isGreaterThan(t + 5_000);
    for (int i = 0; i < 120; i++) {
      one.link(10, 0);
    }
    assertThat(one.effectiveThreshold()).isEqualTo(t);
  }

  @Test
  void aBusyLinkGivesNothingUpToLocalPrefillThatIsBusierStill() {
    int t = one.live.state().thresholdTokens();
    for (int i = 0; i < 30; i++) {
      one.stages(3, 1.0, 60, 0.5);
      one.link(99, 0);
    }
    assertThat(one.effectiveThreshold()).isEqualTo(t);
  }

  @Test
  void whatWasKnownIsKnownAfterARestartAndToAnotherReplica() {
    for (int i = 0; i < 10; i++) {
      one.link(99, 20);
    }
    try (OneReplica other = new OneReplica(redis.port(), clock)) {
      other.live.refresh();
      assertThat(other.effectiveThreshold()).isEqualTo(one.effectiveThreshold());
      assertThat(other.live.snapshot().clusters()).isEqualTo(one.live.snapshot().clusters());
      assertThat(other.remembered().window()).hasSize(10);
    }
  }

  @Test
  void telemetryThatIsOlderOrTheSameChangesNothing() {
    long now = clock.millis();
    assertThat(one.live.report(OneReplica.link("far", now, 99, 0))).isTrue();
    var known = one.remembered();
    assertThat(one.live.report(OneReplica.link("far", now, 1, 0))).isFalse();
    assertThat(one.live.report(OneReplica.link("far", now - 1, 1, 0))).isFalse();
    assertThat(one.remembered()).isEqualTo(known);
  }

  @Test
  void telemetryWithoutATimeOfItsOwnIsOfItsArrival() {
    long now = clock.millis();
    assertThat(one.link(99, 0)).isTrue();
    assertThat(one.live.report(OneReplica.link("far", now - 60_000, 1, 0))).isFalse();
    assertThat(one.live.report(OneReplica.link("far", null, 50, 0))).isTrue();
    assertThat(one.live.report(OneReplica.link("far", null, 40, 0))).isTrue();
    assertThat(one.remembered().last().egressGbps()).isEqualTo(40);
  }

  @Test
  void whereALinksRateIsUnknownItsUtilisationCounts() {
    for (int i = 0; i < 20; i++) {
      clock.advance(Duration.ofSeconds(1));
      one.live.report(OneReplica.utilisation("elsewhere", 1.0));
    }
    assertThat(one.live.state().of("elsewhere").effectiveThresholdTokens())
        .isGreaterThan(one.live.state().thresholdTokens());
  }

  @Test
  void aSilentPdClusterIsStillWhereThePromptsAre() {
    one.stages(3, 0.5, 0, 0.5);
    clock.advance(Duration.ofMinutes(5));
    one.live.refresh();
    assertThat(one.live.state().of("near").availability()).isEqualTo(Availability.UP);
  }

  @Test
  void twoReplicasThatHearAtOnceLoseNothing() throws Exception {
    try (OneReplica other = new OneReplica(redis.port(), clock);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Boolean>> told = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        OneReplica replica = i % 2 == 0 ? one : other;
        told.add(threads.submit(() -> replica.live.report(OneReplica.link("far", null, 50, 0))));
      }
      for (Future<Boolean> f : told) {
        assertThat(f.get()).isTrue();
      }
      one.live.refresh();
      assertThat(one.remembered().window()).hasSize(60);
    }
  }

  @Test
  void aClusterThatFallsSilentIsGoneAndItsPromptsStayLocal() {
    one.link(10, 0);
    one.stages(3, 0.5, 0, 0.5);
    clock.advance(Duration.ofSeconds(27));
    one.stages(3, 0.5, 0, 0.5);
    one.live.refresh();
    assertThat(one.live.state().of("far").availability()).isEqualTo(Availability.UP);
    route("far");
    assertThat(one.inFlight.of("far", 0).requests()).isPositive();

    clock.advance(Duration.ofSeconds(5));
    one.live.refresh();
    assertThat(one.live.state().of("far").availability()).isEqualTo(Availability.GONE);
    assertThat(one.live.state().of("far").availabilityReason()).contains("not reported for");
    assertThat(one.inFlight.of("far", 0).requests()).isZero();
    route("near");

    one.link(10, 0);
    route("far");
  }

  @Test
  void aClusterThatDrainsGetsNothingNewAndKeepsWhatItHas() {
    one.link(10, 0);
    route("far");
    int before = one.inFlight.of("far", 0).requests();
    one.live.report(OneReplica.status("far", Telemetry.Status.DRAINING));
    route("near");
    assertThat(before).isPositive();
    assertThat(one.inFlight.of("far", 0).requests()).isEqualTo(before);
  }

  @Test
  void muchHeadroomForAMinuteMakesBandwidthAbundantAndLittleMakesItScarce() {
    for (int i = 0; i < 58; i++) {
      one.link(10, 0);
    }
    assertThat(one.live.state().of("far").regime()).isEqualTo(Regime.SCARCE);
    for (int i = 0; i < 5; i++) {
      one.link(10, 0);
    }
    assertThat(one.live.state().of("far").regime()).isEqualTo(Regime.ABUNDANT);
    for (int i = 0; i < 8; i++) {
      one.link(90, 0);
    }
    assertThat(one.live.state().of("far").regime()).isEqualTo(Regime.SCARCE);
  }

  @Test
  void whileRedisIsGoneWhatWasKnownHoldsAndSilenceDoesNotCount() {
    for (int i = 0; i < 10; i++) {
      one.link(99, 20);
    }
    int raised = one.effectiveThreshold();
    redis.kill();
    clock.advance(Duration.ofMinutes(10));
    one.live.refresh();
    assertThat(one.effectiveThreshold()).isEqualTo(raised);
    assertThat(one.live.state().of("far").availability()).isEqualTo(Availability.UP);
    assertThatThrownBy(() -> one.link(10, 0))
        .isInstanceOfSatisfying(
            MembraneException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE));
    assertThat(one.effectiveThreshold()).isEqualTo(raised);

    redis.restart();
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .ignoreException(MembraneException.class)
        .until(() -> one.link(10, 0));
  }

  @Test
  void noMoreClustersAreRememberedThanTheLimit() {
    for (int i = 0; i < LiveFleet.MAX_CLUSTERS; i++) {
      one.live.report(OneReplica.link("c" + i, null, 1, 0));
    }
    assertThatThrownBy(() -> one.live.report(OneReplica.link("more", null, 1, 0)))
        .isInstanceOfSatisfying(
            MembraneException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.QUOTA_EXCEEDED));
    clock.advance(Duration.ofSeconds(31));
    one.live.report(OneReplica.link("c7", null, 1, 0));
    one.live.refresh();
    assertThat(one.live.report(OneReplica.link("more", null, 1, 0))).isTrue();
    assertThat(one.live.snapshot().clusters()).hasSize(LiveFleet.MAX_CLUSTERS);
    assertThat(one.live.snapshot().clusters()).containsKeys("c7", "more");
    clock.advance(Duration.ofDays(2));
    one.live.refresh();
    assertThat(one.live.snapshot().clusters()).isEmpty();
  }

  private void route(String expected) {
    var decision =
        new RoutingPolicy(RoutingSettings.DEFAULT)
            .decide(
                new RouteQuery(
                    60_000,
                    List.of(
                        new Candidate("near", Role.PD, 0, List.of()),
                        new Candidate("far", Role.PREFILL, 0, List.of())),
                    null),
                one.live.state(),
                one.inFlight,
                0);
    one.inFlight.add(decision, 0);
    assertThat(decision.target()).as(decision.reason()).isEqualTo(expected);
  }
}
