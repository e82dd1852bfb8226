package io.membrane.scheduler.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.Seeds;
import io.membrane.scheduler.control.RoleControl.Direction;
import io.membrane.scheduler.control.RoleControl.Phase;
import io.membrane.scheduler.control.RoleControl.State;
import io.membrane.scheduler.throughput.EmpiricalLengths;
import io.membrane.scheduler.throughput.LogNormalLengths;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RoleControlTest {

  private static final StageLoad HOT = new StageLoad(0.95, 0);
  private static final StageLoad COOL = new StageLoad(0.5, 0);

  private final PdCluster cluster = new PdCluster(3, new Random(1));

  @Test
  void theBestConfigurationIsLeftAlone() {
    cluster.arrivalRps = 3.2;
    cluster.run(120);
    assertThat(cluster.history())
        .allMatch(s -> s.phase() == Phase.STEADY)
        .allMatch(s -> s.thresholdTokens() == PdCluster.THRESHOLD && s.nP() == 3);
    assertThat(cluster.state.reason()).isEqualTo("roles fit the load");
  }

  @Test
  void longerPromptsMoveTheThresholdWithoutARoleChange() {
    cluster.arrivalRps = 1;
    cluster.lengths = LogNormalLengths.of(10.4, 1.0, 128, 131_072);
    cluster.run(1);
    int t = cluster.state.thresholdTokens();
    assertThat(t).isGreaterThan(PdCluster.THRESHOLD + 1000);
    cluster.run(30);
    assertThat(cluster.state.thresholdTokens()).isEqualTo(t);
    assertThat(cluster.conversions()).isZero();
  }

  @Test
  void shorterAnswersConvertDecodeToPrefillOneByOneAndTheWayBackNeedsTheSame() {
    cluster.outputTokens = 512;
    cluster.arrivalRps = 4;
    cluster.run(60);
    assertThat(cluster.nP()).isEqualTo(5);
    assertThat(cluster.conversions()).isEqualTo(2);
    assertThat(cluster.state.phase()).isEqualTo(Phase.STEADY);

    cluster.outputTokens = 1024;
    cluster.arrivalRps = 2.9;
    cluster.run(120);
    assertThat(cluster.nP()).as("3/5 would sustain 4 % more than 4/4, too little").isEqualTo(4);
    assertThat(cluster.conversions()).isEqualTo(3);
    isOrderly(cluster);
  }

  @Test
  void aConversionPassesThroughItsPhasesAtTheirTimes() {
    cluster.outputTokens = 512;
    cluster.arrivalRps = 4.5;
    cluster.run(1);
    assertThat(cluster.state.phase()).isEqualTo(Phase.WAITING);
    assertThat(cluster.state.direction()).isEqualTo(Direction.TO_PREFILL);
    assertThat(cluster.state.prefillByPool()).containsExactly(3);
    assertThat(cluster.state.reason()).startsWith("prefill-bound: prefill 100 % busy");
    cluster.run(4);
    assertThat(cluster.state.phase()).isEqualTo(Phase.WAITING);
    cluster.run(1);
    assertThat(cluster.state.phase()).isEqualTo(Phase.DRAINING);
    assertThat(cluster.state.prefillByPool()).containsExactly(4);
    assertThat(cluster.nP()).isEqualTo(3);
    cluster.run(1);
    assertThat(cluster.state.phase()).isEqualTo(Phase.DRAINING);
    cluster.run(1);
    assertThat(cluster.state.phase()).isEqualTo(Phase.COOLING);
    assertThat(cluster.nP()).isEqualTo(4);
    cluster.run(9);
    assertThat(cluster.state.phase()).isEqualTo(Phase.COOLING);
    cluster.run(1);
    assertThat(cluster.state.phase()).isNotEqualTo(Phase.COOLING);
  }

  @Test
  void aDrainThatTakesTooLongIsGivenUp() {
    cluster.outputTokens = 512;
    cluster.arrivalRps = 4.5;
    cluster.drainPeriods = 1000;
    cluster.run(6);
    assertThat(cluster.state.phase()).isEqualTo(Phase.DRAINING);
    cluster.run(9);
    assertThat(cluster.state.phase()).isEqualTo(Phase.DRAINING);
    cluster.run(1);
    assertThat(cluster.state.phase()).isEqualTo(Phase.COOLING);
    assertThat(cluster.state.prefillByPool()).containsExactly(3);
    assertThat(cluster.state.reason()).contains("given up");
  }

  @Test
  void anImbalanceThatPassesOrIsNotSeenThroughoutConvertsNothing() {
    cluster.outputTokens = 512;
    cluster.arrivalRps = 3.4;
    cluster.run(4);
    assertThat(cluster.state.phase()).isEqualTo(Phase.WAITING);
    cluster.silence(Duration.ofMinutes(4));
    cluster.run(5);
    assertThat(cluster.state.phase()).isEqualTo(Phase.WAITING);
    cluster.arrivalRps = 0.1;
    cluster.run(60);
    assertThat(cluster.state.phase()).isEqualTo(Phase.STEADY);
    assertThat(cluster.conversions()).isZero();
  }

  @Test
  void tooFewRequestsMoveNothing() {
    cluster.outputTokens = 512;
    cluster.arrivalRps = 4.5;
    cluster.lengths = EmpiricalLengths.of(50_000, 60_000);
    cluster.samples = 999;
    cluster.run(60);
    assertThat(cluster.state.thresholdTokens()).isEqualTo(PdCluster.THRESHOLD);
    assertThat(cluster.state.reason())
        .isEqualTo("lengths of 999 requests are known, 1000 are needed");
    assertThat(cluster.conversions()).isZero();
  }

  @Test
  void loadAloneConvertsNothingThatTheModelDoesNotWant() {
    RoleControl control = new RoleControl(RoleSettings.DEFAULT);
    State state = State.initial(PdCluster.THRESHOLD, List.of(3));
    for (int m = 0; m < 30; m++) {
      state = control.step(state, PdCluster.FLEET, period(m, HOT, COOL, 3));
      assertThat(state.phase()).isEqualTo(Phase.STEADY);
    }
    for (int m = 30; m < 60; m++) {
      state = control.step(state, PdCluster.FLEET, period(m, COOL, HOT, 3));
      assertThat(state.phase()).isEqualTo(Phase.STEADY);
    }
  }

  @Test
  void theModelAloneConvertsNothingThatLoadDoesNotShow() {
    RoleControl control = new RoleControl(RoleSettings.DEFAULT);
    State state = State.initial(PdCluster.THRESHOLD, List.of(6));
    for (int m = 0; m < 30; m++) {
      state = control.step(state, PdCluster.FLEET, period(m, COOL, COOL, 6));
      state = control.step(state, PdCluster.FLEET, period(m, HOT, HOT, 6));
      assertThat(state.phase()).isEqualTo(Phase.STEADY);
    }
    state = control.step(state, PdCluster.FLEET, period(30, COOL, HOT, 6));
    assertThat(state.phase()).isEqualTo(Phase.WAITING);
    assertThat(state.direction()).isEqualTo(Direction.TO_DECODE);
  }

  @Test
  void anOldPeriodAndARepeatedOneChangeNothing() {
    RoleControl control = new RoleControl(RoleSettings.DEFAULT);
    State state =
        control.step(State.initial(10, List.of(6)), PdCluster.FLEET, period(5, COOL, HOT, 6));
    assertThat(control.step(state, PdCluster.FLEET, period(5, HOT, COOL, 6))).isSameAs(state);
    assertThat(control.step(state, PdCluster.FLEET, period(4, HOT, COOL, 6))).isSameAs(state);
  }

  @Test
  void noiseMovesAtMostOneInstanceAndTheThresholdLittle() {
    Seeds.forAll(
        5,
        random -> {
          PdCluster noisy = new PdCluster(3, random);
          noisy.noise = 0.05;
          for (int i = 0; i < 60; i++) {
            noisy.lengths = noisy.sampled(2000);
            noisy.arrivalRps = 3.26 * (0.8 + 0.4 * random.nextDouble());
            noisy.run(3);
          }
          assertThat(noisy.conversions()).isLessThanOrEqualTo(1);
          assertThat(noisy.history())
              .allSatisfy(
                  s -> assertThat((double) s.thresholdTokens()).isCloseTo(19_351, within(2000.0)));
          isOrderly(noisy);
        });
  }

  @Test
  void loadThatTurnsRoundAllTheTimeConvertsNoFasterThanDwellAndCoolDownAllow() {
    Seeds.forAll(
        5,
        random -> {
          PdCluster turning = new PdCluster(3, random);
          for (int i = 0; i < 20; i++) {
            turning.outputTokens = random.nextBoolean() ? 400 : 2000;
            turning.arrivalRps = 1 + 5 * random.nextDouble();
            turning.run(1 + random.nextInt(30));
          }
          isOrderly(turning);
          long slowest = Duration.ofMinutes(15).toMinutes();
          assertThat(turning.conversions())
              .isLessThanOrEqualTo(1 + turning.history().size() / slowest);
        });
  }

  @Test
  void whatDoesNotFitTheFleetIsRefused() {
    RoleControl control = new RoleControl(RoleSettings.DEFAULT);
    State state = State.initial(10, List.of(6));
    assertThatThrownBy(() -> control.step(state, PdCluster.FLEET, period(0, COOL, COOL, 9)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[9]");
    assertThatThrownBy(() -> new StageLoad(1.5, 0)).hasMessageContaining("1.5");
    assertThatThrownBy(() -> new StageLoad(0.5, Double.NaN)).hasMessageContaining("NaN");
    Duration some = Duration.ofMinutes(1);
    assertThatThrownBy(() -> new RoleSettings(1, 0, 0, 0.8, 0.8, 1, some, some, some, some))
        .hasMessageContaining("less than 0.8");
  }

  /** One instance at a time, and never a conversion within a cool-down. */
  private static void isOrderly(PdCluster cluster) {
    List<State> history = cluster.history();
    for (int i = 1; i < history.size(); i++) {
      State before = history.get(i - 1);
      State after = history.get(i);
      int moved = Math.abs(after.nP() - before.nP());
      assertThat(moved).isLessThanOrEqualTo(1);
      if (moved == 1 && after.phase() == Phase.DRAINING) {
        assertThat(before.phase()).isEqualTo(Phase.WAITING);
      }
      assertThat(after.nP()).isBetween(0, 7);
    }
  }

  private static Period period(int minute, StageLoad prefill, StageLoad decode, int nP) {
    return new Period(
        Instant.EPOCH.plusSeconds(60L * minute),
        LinkModel.WORKLOAD.input(),
        10_000,
        1024,
        prefill,
        decode,
        List.of(nP));
  }
}
