package io.membrane.scheduler.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.TestClock;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.control.RoleControl.Phase;
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

  /** A minute of telemetry each second, and the step at its end. */
  private void period(int prefill, double prefillBusy, double decodeBusy) {
    for (int i = 0; i < OneReplica.PERIOD.toSeconds(); i++) {
      one.stages(prefill, prefillBusy, 0, decodeBusy);
    }
    assertThat(one.longTerm.step()).as(one.longTerm.idle()).isTrue();
  }
}
