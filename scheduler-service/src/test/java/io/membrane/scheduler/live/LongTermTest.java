package io.membrane.scheduler.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.TestClock;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.control.RoleControl;
import io.membrane.scheduler.control.RoleControl.Phase;
import io.membrane.scheduler.control.RoleSettings;
import io.membrane.scheduler.throughput.LogNormalLengths;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LongTermTest {

  private static final LogNormalLengths SHORT = LogNormalLengths.of(7.6, 0.8, 128, 131_072);

  private final TestClock clock = new TestClock();
  private final RedisProcess redis = RedisProcess.embedded();
  private final OneReplica one = new OneReplica(redis.port(), clock);

  @AfterEach
  void stop() {
    one.close();
    redis.close();
  }

  @Test
  void withoutTelemetryOfThePdClusterNothingIsStepped() {
    clock.advance(OneReplica.PERIOD);
    assertThat(one.longTerm.step()).isFalse();
    assertThat(one.longTerm.idle()).contains("'near' does not report");
  }

  @Test
  void shorterPromptsMoveTheThresholdAndAnInstanceToDecodeAfterTheDwell() {
    int planned = OneReplica.PLANNED.nP();
    int t = one.live.state().thresholdTokens();
    prompts(5_000);
    int minutes = 0;
    while (one.live.snapshot().roles().phase() != Phase.DRAINING && minutes < 30) {
      minutes++;
      period(planned, 0.3, 0.99);
    }
    assertThat(minutes).as("minutes of dwell").isBetween(5, 10);
    assertThat(one.live.snapshot().roles().nP()).isEqualTo(planned - 1);
    assertThat(one.live.state().thresholdTokens()).isLessThan(t);

    period(planned - 1, 0.35, 0.97);
    assertThat(one.live.snapshot().roles().phase()).isEqualTo(Phase.COOLING);
    assertThat(one.live.snapshot().roles().nP()).isEqualTo(planned - 1);
  }

  @Test
  void oneOfTwoReplicasMakesThePeriodsStepAndBothKnowIt() {
    prompts(5_000);
    try (OneReplica other = new OneReplica(redis.port(), clock)) {
      period(OneReplica.PLANNED.nP(), 0.3, 0.99);
      other.live.refresh();
      assertThat(other.longTerm.step()).isFalse();
      assertThat(other.live.snapshot().roles()).isEqualTo(one.live.snapshot().roles());
      assertThat(other.live.state().thresholdTokens())
          .isEqualTo(one.live.state().thresholdTokens());
    }
  }

  @Test
  void aReplicaThatDoesNotLeadMakesNoStepAndSaysSo() {
    prompts(5_000);
    boolean[] leads = {false};
    LongTerm follower =
        new LongTerm(
            one.live,
            one.lengths,
            RoleSettings.DEFAULT,
            true,
            OneReplica.PERIOD,
            () -> leads[0],
            clock);
    period(OneReplica.PLANNED.nP(), 0.3, 0.99);
    clock.advance(OneReplica.PERIOD);
    assertThat(follower.step()).isFalse();
    assertThat(follower.idle()).contains("another replica controls the fleet");
    assertThat(follower.leads()).isFalse();
    period(OneReplica.PLANNED.nP(), 0.3, 0.99);
    assertThat(one.longTerm.leads()).isTrue();
    leads[0] = true;
    assertThat(follower.step()).as("the step of this period is made").isFalse();
    assertThat(follower.leads()).as("the other made it").isFalse();
  }

  @Test
  void aThresholdThatIsSetHoldsWhateverWasSearchedBeforeAndTelemetryIsKept() {
    prompts(5_000);
    one.link(10, 0);
    period(OneReplica.PLANNED.nP(), 0.3, 0.99);
    int searched = one.live.state().thresholdTokens();
    int set = OneReplica.PLANNED.thresholdTokens() + 1;
    try (OneReplica after = new OneReplica(redis.port(), clock, set)) {
      after.live.refresh();
      assertThat(after.live.state().thresholdTokens()).isEqualTo(set).isNotEqualTo(searched);
      assertThat(after.remembered()).isEqualTo(one.remembered());
      clock.advance(OneReplica.PERIOD.multipliedBy(2));
      for (int i = 0; i < 3; i++) {
        period(after, OneReplica.PLANNED.nP(), 0.3, 0.99);
        after.live.refresh();
        assertThat(after.live.state().thresholdTokens()).isEqualTo(set);
      }
    }
  }

  @Test
  void replicasWithAnotherDescriptionFollowTheirOwnAndControlTheFleetOnceTheOthersAreGone() {
    prompts(5_000);
    int set = OneReplica.PLANNED.thresholdTokens() + 1;
    try (OneReplica next = new OneReplica(redis.port(), clock, set)) {
      for (int i = 0; i < 3; i++) {
        period(OneReplica.PLANNED.nP(), 0.3, 0.99);
        RoleControl.State known = one.live.snapshot().roles();
        next.live.refresh();
        assertThat(next.longTerm.step()).isFalse();
        assertThat(next.longTerm.idle()).contains("another description of the fleet");
        assertThat(next.longTerm.leads()).isFalse();
        assertThat(next.live.state().thresholdTokens()).isEqualTo(set);
        one.live.refresh();
        assertThat(one.live.snapshot().roles()).isEqualTo(known);
        assertThat(one.longTerm.leads()).isTrue();
      }

      clock.advance(OneReplica.PERIOD);
      period(next, OneReplica.PLANNED.nP(), 0.3, 0.99);
      assertThat(next.longTerm.leads()).isTrue();

      one.live.refresh();
      assertThat(one.longTerm.leads()).isFalse();
      assertThat(one.longTerm.step()).isFalse();
      assertThat(one.live.state().thresholdTokens())
          .isEqualTo(OneReplica.PLANNED.thresholdTokens());
    }
  }

  @Test
  void countsThatAreNotTheFleetsAreNotActedOn() {
    prompts(5_000);
    one.stages(6, 6, 0.3, 0, 0.99);
    clock.advance(Duration.ofSeconds(1));
    assertThat(one.longTerm.step()).isFalse();
    assertThat(one.longTerm.idle()).contains("other instances than are described");
  }

  @Test
  void lengthsThatCouldNotBeCountedAreCountedLater() {
    redis.kill();
    add(10);
    assertThatThrownBy(one.lengths::flush).isInstanceOf(MembraneException.class);
    redis.restart();
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .ignoreException(MembraneException.class)
        .untilAsserted(() -> {
          one.lengths.flush();
          assertThat(one.lengths.lastHour().values().stream().mapToDouble(n -> n).sum())
              .isEqualTo(10);
        });
  }

  @Test
  void lengthsAreForgottenAfterAnHour() {
    prompts(10);
    clock.advance(Duration.ofMinutes(66));
    assertThat(one.lengths.lastHour()).isEmpty();
  }

  private void prompts(int n) {
    add(n);
    one.lengths.flush();
  }

  private void add(int n) {
    for (int i = 0; i < n; i++) {
      one.lengths.add((int) SHORT.quantile((i + 0.5) / n));
    }
  }

  private void period(int prefill, double prefillBusy, double decodeBusy) {
    period(one, prefill, prefillBusy, decodeBusy);
  }

  /** A minute of telemetry each second, and the step at its end. */
  private static void period(
      OneReplica replica, int prefill, double prefillBusy, double decodeBusy) {
    for (int i = 0; i < OneReplica.PERIOD.toSeconds(); i++) {
      replica.stages(prefill, prefillBusy, 0, decodeBusy);
    }
    boolean stepped = replica.longTerm.step();
    assertThat(stepped).as(replica.longTerm.idle()).isTrue();
  }
}
