package io.membrane.scheduler.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.Seeds;
import io.membrane.scheduler.control.CongestionControl.Cause;
import io.membrane.scheduler.control.CongestionControl.State;
import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CongestionControlTest {

  private static final CongestionSettings SETTINGS = CongestionSettings.DEFAULT;
  private static final CongestionControl CONTROL = new CongestionControl(SETTINGS);
  private static final double UNKNOWN = Double.NaN;

  @ParameterizedTest(name = "egress {0}, link {1}, queue {2}, loss {3}, again {4}: {5} by {6}")
  @CsvSource({
    "45,  100, 0,   0,    0,    0.5, UTILISATION",
    "90,  100, 0,   0,    0,    1,   UTILISATION",
    "90,  100, NaN, NaN,  NaN,  1,   UTILISATION",
    "90,  100, 16,  0,    0,    1,   UTILISATION",
    "90,  100, 32,  0,    0,    2,   QUEUE",
    "45,  100, 32,  0,    0,    1,   QUEUE",
    "NaN, 100, 32,  NaN,  NaN,  1,   QUEUE",
    "90,  100, 0,   0.01, 0.02, 1,   UTILISATION",
    "90,  100, 0,   0.01, 0.03, 1.3333333333, RETRANSMISSIONS",
    "90,  100, 0,   0.012, 0,   1.2, LOSS",
    "90,  100, 32,  0.05, 0,    2,   QUEUE",
    "45,  100, 0,   0.05, 0,    0.6666666667, LOSS",
    "9,   100, 0,   1,    1,    0.1333333333, LOSS",
    "NaN, NaN, NaN, 0.01, NaN,  1,   LOSS",
    "NaN, NaN, NaN, 1,    NaN,  1.3333333333, LOSS",
    "NaN, NaN, 64,  1,    1,    2,   QUEUE",
    "NaN, NaN, NaN, NaN,  NaN,  NaN, UNKNOWN",
  })
  void pressureIsTheUtilisationTimesTheWorstSignThatIsKnown(
      double egress, double link, double queue, double loss, double again, double pi, Cause cause) {
    State state = step(State.INITIAL, new LinkSample(at(0), egress, link, queue, loss, again));
    if (Double.isNaN(pi)) {
      assertThat(state.pressure()).isNaN();
    } else {
      assertThat(state.pressure()).isCloseTo(pi, within(1e-9));
    }
    assertThat(state.cause()).isEqualTo(cause);
    assertThat(state.sampledAt()).isEqualTo(at(0));
  }

  @Test
  void theShareFallsUnderPressureAndRisesToExactlyOneWithoutIt() {
    State state = utilised(utilised(State.INITIAL, 0, 1.0), 1, 1.0);
    assertThat(state.share()).isLessThan(1);
    double before = state.share();
    state = utilised(state, 2, 0.9);
    assertThat(state.share()).isCloseTo(before, within(1e-12));
    for (int s = 3; s < 100; s++) {
      state = utilised(state, s, 0.5);
    }
    assertThat(state.share()).isEqualTo(1.0);
  }

  @Test
  void noSampleMovesTheShareByMoreThanAFactorOfEToTheQuarter() {
    State state = utilised(State.INITIAL, 0, 1);
    State after = step(state, new LinkSample(at(4000), 100, 100, 1e6, 1, 1));
    assertThat(after.share()).isGreaterThanOrEqualTo(Math.exp(-0.25) - 1e-12);
  }

  @Test
  void theMeanUtilisationIsHeldAtTheTargetHoweverTheSamplesScatter() {
    Seeds.forAll(
        20,
        random -> {
          State state = State.INITIAL;
          double sum = 0;
          for (int s = 0; s < 4000; s++) {
            double utilisation = state.share() * 1.5 * random.nextDouble(0.5, 1.5);
            state = utilised(state, s, utilisation);
            sum += s < 200 ? 0 : utilisation;
          }
          assertThat(sum / 3800).isCloseTo(SETTINGS.targetUtilisation(), within(0.005));
        });
  }

  @ParameterizedTest(name = "local prefill {0} busy, {1} waiting for {2}: the share {3}")
  @CsvSource({
    "NaN,  NaN, 1, FALLS",
    "0.5,  0,   3, FALLS",
    "0.9,  6,   3, FALLS",
    "1,    12,  3, STAYS",
    "NaN,  12,  3, STAYS",
    "1,    18,  3, RISES",
    "0,    0,   0, RISES",
  })
  void theShareFallsOnlyAsLongAsTheLinkIsFullerThanTheLocalPrefill(
      double utilisation, double waiting, int instances, Moves moves) {
    State before = new State(0.5, 1, Cause.UTILISATION, at(0));
    LinkSample twice = new LinkSample(at(1), 90, 100, 32, 0, 0);
    State after = CONTROL.step(before, twice, new LocalLoad(utilisation, waiting, instances));
    assertThat(after.pressure()).isEqualTo(2);
    assertThat(Moves.of(before.share(), after.share())).isEqualTo(moves);
  }

  enum Moves {
    FALLS,
    STAYS,
    RISES;

    private static Moves of(double before, double after) {
      return after < before ? FALLS : after > before ? RISES : STAYS;
    }
  }

  @Test
  void aLocalPrefillBelowItsLimitTakesNoPart() {
    State before = utilised(State.INITIAL, 0, 1);
    LinkSample full = new LinkSample(at(1), 100, 100, 40, 0, 0);
    assertThat(CONTROL.step(before, full, new LocalLoad(0.9, 5, 3)))
        .isEqualTo(CONTROL.step(before, full, LocalLoad.UNKNOWN));
  }

  @Test
  void anOldSampleAndARepeatedOneChangeNothing() {
    State state = utilised(utilised(State.INITIAL, 10, 1), 11, 1);
    assertThat(utilised(state, 11, 0.1)).isSameAs(state);
    assertThat(utilised(state, 9, 1)).isSameAs(state);
  }

  @Test
  void silenceReleasesTheShareSlowly() {
    State state = pressed();
    Instant last = at(200);
    assertThat(CONTROL.shareAt(state, last.plus(SETTINGS.silentAfter()))).isEqualTo(state.share());
    Instant later = last.plus(SETTINGS.silentAfter()).plus(SETTINGS.release());
    assertThat(Math.log(CONTROL.shareAt(state, later)))
        .isCloseTo(Math.log(state.share()) / Math.E, within(1e-9));
    assertThat(CONTROL.shareAt(state, last.plus(Duration.ofMinutes(10)))).isEqualTo(1.0);
  }

  @Test
  void samplesThatTellNothingReleaseItTooAndKeepTheClusterThere() {
    State state = pressed();
    for (int s = 201; s < 800; s++) {
      state = step(state, new LinkSample(at(s), UNKNOWN, 100, UNKNOWN, UNKNOWN, UNKNOWN));
    }
    assertThat(state.share()).isEqualTo(1.0);
    assertThat(CONTROL.gone(state, at(801))).isFalse();
  }

  @Test
  void aClusterThatFellSilentIsGoneUntilItsNextSample() {
    assertThat(CONTROL.gone(State.INITIAL, at(1_000_000))).isFalse();
    State state = utilised(State.INITIAL, 0, 0.5);
    Instant limit = at(0).plus(SETTINGS.goneAfter());
    assertThat(CONTROL.gone(state, limit)).isFalse();
    assertThat(CONTROL.gone(state, limit.plusMillis(1))).isTrue();
    state = utilised(state, 90, 0.5);
    assertThat(CONTROL.gone(state, at(91))).isFalse();
  }

  @Test
  void whateverIsMeasuredTheShareStaysInBoundsAndComesBackWithTheRoomHoweverMuchIsLost() {
    Seeds.forAll(
        500,
        random -> {
          State state = State.INITIAL;
          double seconds = 0;
          for (int i = 0; i < 200; i++) {
            seconds += random.nextDouble() * (random.nextInt(20) == 0 ? 100 : 3) - 0.3;
            state = CONTROL.step(state, sample(random, seconds), local(random));
            assertThat(state.share()).isBetween(SETTINGS.minShare(), 1.0);
          }
          for (int i = 0; i < 200; i++) {
            LinkSample halfEmpty =
                new LinkSample(
                    at(100_000 + i), 50, 100, 0, random.nextDouble(), random.nextDouble());
            State next = step(state, halfEmpty);
            assertThat(next.share()).isGreaterThanOrEqualTo(state.share());
            state = next;
          }
          assertThat(state.share()).isEqualTo(1.0);
        });
  }

  @Test
  void whatCannotBeMeasuredIsRefused() {
    assertThatThrownBy(() -> new LinkSample(at(0), -1, 100, 0, 0, 0))
        .hasMessageContaining("egress");
    assertThatThrownBy(() -> new LinkSample(at(0), 1, 0, 0, 0, 0)).hasMessageContaining("rate");
    assertThatThrownBy(() -> new LinkSample(at(0), 1, 100, -1, 0, 0)).hasMessageContaining("queue");
    assertThatThrownBy(() -> new LinkSample(at(0), 1, 100, 0, 1.1, 0)).hasMessageContaining("loss");
    assertThatThrownBy(() -> new LinkSample(at(0), 1, 100, 0, 0, Double.POSITIVE_INFINITY))
        .hasMessageContaining("retransmissions");
  }

  @ParameterizedTest
  @CsvSource({
    "0,   8, 0.01, 0.02, 10, 0.02, target utilisation",
    "1.1, 8, 0.01, 0.02, 10, 0.02, target utilisation",
    "0.9, 0, 0.01, 0.02, 10, 0.02, queue reference",
    "0.9, 8, NaN,  0.02, 10, 0.02, loss limit",
    "0.9, 8, 0.01, 2,    10, 0.02, retransmission limit",
    "0.9, 8, 0.01, 0.02, 0,  0.02, time constant",
    "0.9, 8, 0.01, 0.02, 10, 0,    least share",
  })
  void settingsOutOfRangeAreRefusedByName(
      double target,
      double queue,
      double loss,
      double again,
      int tau,
      double share,
      String message) {
    Duration some = Duration.ofSeconds(5);
    assertThatThrownBy(() ->
            new CongestionSettings(
                target, queue, loss, again, Duration.ofSeconds(tau), share, some, some, some))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aClusterCannotBeGoneBeforeItIsSilent() {
    Duration some = Duration.ofSeconds(5);
    assertThatThrownBy(() ->
            new CongestionSettings(
                0.9, 8, 0.01, 0.02, some, 0.02, some, some, Duration.ofSeconds(4)))
        .hasMessageContaining("silent");
  }

  /** Two hundred seconds of a full link. */
  private static State pressed() {
    State state = State.INITIAL;
    for (int s = 0; s <= 200; s++) {
      state = step(state, new LinkSample(at(s), 100, 100, 64, 0, 0));
    }
    assertThat(state.share()).isEqualTo(SETTINGS.minShare());
    return state;
  }

  /** A step where nothing is known of the local prefill. */
  private static State step(State state, LinkSample sample) {
    return CONTROL.step(state, sample, LocalLoad.UNKNOWN);
  }

  private static State utilised(State state, int second, double utilisation) {
    return step(state, new LinkSample(at(second), 100 * utilisation, 100, 0, 0, 0));
  }

  private static LinkSample sample(RandomGenerator random, double seconds) {
    Instant time = Instant.EPOCH.plusNanos((long) (seconds * 1e9));
    return new LinkSample(
        time,
        maybe(random, random.nextDouble() * 120),
        maybe(random, random.nextInt(5) == 0 ? 10 : 100),
        maybe(random, random.nextInt(100)),
        maybe(random, Math.pow(random.nextDouble(), 4)),
        maybe(random, Math.pow(random.nextDouble(), 4)));
  }

  private static LocalLoad local(RandomGenerator random) {
    return new LocalLoad(
        maybe(random, random.nextDouble()), maybe(random, random.nextInt(50)), random.nextInt(4));
  }

  private static double maybe(RandomGenerator random, double value) {
    return random.nextInt(4) == 0 ? UNKNOWN : value;
  }

  private static Instant at(int second) {
    return Instant.EPOCH.plusSeconds(second);
  }
}
