package io.membrane.scheduler.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.Seeds;
import io.membrane.scheduler.control.RegimeSwitch.State;
import io.membrane.wire.SchedulerClient.Regime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegimeSwitchTest {

  private static final RegimeSwitch SWITCH = new RegimeSwitch(RegimeSettings.DEFAULT);
  private static final State SCARCE = State.initial(Regime.SCARCE);
  private static final State ABUNDANT = State.initial(Regime.ABUNDANT);

  @Test
  void aMinuteOfMuchHeadroomMakesBandwidthAbundant() {
    assertThat(run(SCARCE, 0, 60, 0.5).regime()).isEqualTo(Regime.SCARCE);
    assertThat(run(SCARCE, 0, 61, 0.5).regime()).isEqualTo(Regime.ABUNDANT);
    assertThat(run(SCARCE, 0, 600, 0.49).regime()).isEqualTo(Regime.SCARCE);
  }

  @Test
  void oneBusySecondStartsTheMinuteAnew() {
    State state = run(run(SCARCE, 0, 59, 0.9), 59, 60, 0.4);
    assertThat(run(state, 60, 120, 0.9).regime()).isEqualTo(Regime.SCARCE);
    assertThat(run(state, 60, 121, 0.9).regime()).isEqualTo(Regime.ABUNDANT);
  }

  @Test
  void fiveSecondsOfLittleHeadroomMakeItScarce() {
    assertThat(run(ABUNDANT, 0, 5, 0.2).regime()).isEqualTo(Regime.ABUNDANT);
    assertThat(run(ABUNDANT, 0, 6, 0.2).regime()).isEqualTo(Regime.SCARCE);
    assertThat(run(ABUNDANT, 0, 600, 0.25).regime()).isEqualTo(Regime.ABUNDANT);
  }

  @Test
  void betweenTheLevelsItStaysWhatItIs() {
    assertThat(run(SCARCE, 0, 900, 0.4).regime()).isEqualTo(Regime.SCARCE);
    assertThat(run(ABUNDANT, 0, 900, 0.4).regime()).isEqualTo(Regime.ABUNDANT);
  }

  @Test
  void aGapOrAnUnknownHeadroomStartsTheDwellAnew() {
    State before = run(SCARCE, 0, 55, 0.9);
    assertThat(run(before, 70, 100, 0.9).regime()).isEqualTo(Regime.SCARCE);
    State unknown = run(before, 55, 56, Double.NaN);
    assertThat(run(unknown, 56, 80, 0.9).regime()).isEqualTo(Regime.SCARCE);
    assertThat(run(before, 58, 62, 0.9).regime()).isEqualTo(Regime.ABUNDANT);
  }

  @Test
  void anOldSampleAndARepeatedOneChangeNothing() {
    State state = run(SCARCE, 0, 30, 0.9);
    assertThat(SWITCH.step(state, sample(29, 0.1))).isSameAs(state);
    assertThat(SWITCH.step(state, sample(3, 0.1))).isSameAs(state);
  }

  @Test
  void whateverIsMeasuredItSwitchesOnlyAfterTheDwellOfTheNewRegime() {
    Seeds.forAll(
        300,
        random -> {
          List<Double> headrooms = new ArrayList<>();
          State state = SCARCE;
          double headroom = 0.5;
          for (int s = 0; s < 600; s++) {
            headroom =
                random.nextInt(40) == 0
                    ? random.nextDouble()
                    : Math.clamp(headroom + 0.02 * random.nextGaussian(), 0, 1);
            State next = SWITCH.step(state, sample(s, headroom));
            headrooms.add(headroom);
            if (next.regime() != state.regime()) {
              boolean abundant = next.regime() == Regime.ABUNDANT;
              assertThat(headrooms.subList(s - (abundant ? 60 : 5), s + 1))
                  .allMatch(h -> abundant ? h >= 0.5 - 1e-9 : h < 0.25 + 1e-9);
            }
            state = next;
          }
        });
  }

  @Test
  void levelsWithoutHysteresisAreRefused() {
    Duration some = Duration.ofSeconds(5);
    assertThatThrownBy(() -> new RegimeSettings(0.5, some, 0.5, some, some))
        .hasMessageContaining("less than 0.5");
    assertThatThrownBy(() -> new RegimeSettings(0.5, Duration.ZERO, 0.2, some, some))
        .hasMessageContaining("dwell");
  }

  private static State run(State state, int from, int to, double headroom) {
    State now = state;
    for (int s = from; s < to; s++) {
      now = SWITCH.step(now, sample(s, headroom));
    }
    return now;
  }

  /** A link of 1 Gbps, so that a headroom of a half is exactly that. */
  private static LinkSample sample(int second, double headroom) {
    return new LinkSample(Instant.EPOCH.plusSeconds(second), 1 - headroom, 1, 0, 0, 0);
  }
}
