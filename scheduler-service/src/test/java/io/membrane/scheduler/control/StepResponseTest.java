package io.membrane.scheduler.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.Seeds;
import io.membrane.scheduler.control.LinkModel.Second;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Congestion control and effective threshold around a link to which something happens. */
class StepResponseTest {

  private static final int BEGIN = 60;
  private static final int END = 360;
  private static final int SECONDS = 600;

  private final LinkModel link = new LinkModel();

  @ParameterizedTest(name = "telemetry {0} s late")
  @ValueSource(ints = {0, 1})
  void moreDemandIsHeldAtTheTargetUtilisationAfterFortySeconds(int late) {
    link.telemetryDelaySeconds = late;
    link.demand = s -> s >= BEGIN && s < END ? 1.6 : 1;

    List<Second> run = link.run(SECONDS);

    settles(run.subList(BEGIN + 40, END), 0.9 / (1.6 * LinkModel.CALM));
    assertThat(run.get(END - 1).utilisation()).isCloseTo(0.9, within(0.001));
    assertThat(run.get(END - 1).queuedTransfers()).isZero();
    isCalm(run, END + 30);
    swingsLittle(run);
  }

  @ParameterizedTest(name = "telemetry {0} s late")
  @ValueSource(ints = {0, 1})
  void halfALinkIsHeldAtTheTargetUtilisationAfterAHundredSeconds(int late) {
    link.telemetryDelaySeconds = late;
    link.capacity = s -> s >= BEGIN && s < END ? 0.5 : 1;

    List<Second> run = link.run(SECONDS);

    settles(run.subList(BEGIN + 100, END), 0.9 * 0.5 / LinkModel.CALM);
    isCalm(run, END + 30);
    swingsLittle(run);
  }

  @ParameterizedTest(name = "telemetry {0} s late")
  @ValueSource(ints = {0, 1})
  void aFullLinkThatLosesMuchIsHeldAtThreeQuartersOfTheTargetAfterAMinute(int late) {
    link.telemetryDelaySeconds = late;
    link.demand = s -> s >= BEGIN && s < END ? 1.6 : 1;
    link.loss = s -> s >= BEGIN && s < END ? 0.05 : 0;

    List<Second> run = link.run(SECONDS);

    settles(run.subList(BEGIN + 60, END), 0.75 * 0.9 / (1.6 * LinkModel.CALM));
    isCalm(run, END + 40);
    swingsLittle(run);
  }

  @ParameterizedTest(name = "telemetry {0} s late")
  @ValueSource(ints = {0, 1})
  void aSurgeOfTheQueueIsGoneAfterFortySecondsAndForgottenAfterNinety(int late) {
    link.telemetryDelaySeconds = late;
    link.arrivingTransfers = s -> s == BEGIN ? 40 : 0;

    List<Second> run = link.run(SECONDS);

    assertThat(run.get(BEGIN).queuedTransfers()).isGreaterThan(39);
    assertThat(run.subList(BEGIN + 40, SECONDS)).allMatch(s -> s.queuedTransfers() == 0);
    isCalm(run, BEGIN + 90);
    swingsLittle(run);
  }

  @Test
  void lostSamplesSlowTheAnswerAndDoNotChangeIt() {
    link.demand = s -> s >= BEGIN && s < END ? 1.6 : 1;
    link.sampled = s -> s % 3 == 0;

    List<Second> run = link.run(SECONDS);

    settles(run.subList(BEGIN + 40, END), 0.9 / (1.6 * LinkModel.CALM));
    isCalm(run, END + 40);
    swingsLittle(run);
  }

  @Test
  void demandAndLossThatChangeAllTheTimeNeverLeaveTheBoundsAndIsForgottenToo() {
    Seeds.forAll(
        50,
        random -> {
          LinkModel busy = new LinkModel();
          double[] noise = random.doubles(SECONDS, 0.2, 4).toArray();
          double[] lost = random.doubles(SECONDS, 0, 0.03).toArray();
          busy.demand = s -> s < END ? noise[s] : 1;
          busy.loss = s -> s < END ? lost[s] : 0;
          busy.telemetryDelaySeconds = random.nextInt(3);
          busy.prefillSeconds = 1 + random.nextInt(5);
          List<Second> run = busy.run(SECONDS);
          isBounded(run);
          isCalm(run, END + 180);
        });
  }

  @ParameterizedTest(name = "prefill {0} s, telemetry {1} s late, loss {2}")
  @CsvSource({
    "1, 0, 0", "1, 1, 0", "2, 1, 0", "1, 2, 0",
    "1, 0, 0.05", "1, 1, 0.05", "2, 1, 0.05", "1, 2, 0.05"
  })
  void itDoesNotSwingAsLongAsTheTimeConstantIsETimesTheDelay(int prefill, int late, double loss) {
    assertThat((prefill + late) * Math.E)
        .isLessThanOrEqualTo(Limits.seconds(CongestionSettings.DEFAULT.timeConstant()));
    link.prefillSeconds = prefill;
    link.telemetryDelaySeconds = late;
    link.demand = s -> s >= BEGIN && s < END ? 1.25 : 1;
    link.loss = s -> s >= BEGIN && s < END ? loss : 0;
    List<Second> run = link.run(END);
    swingsLittle(run);
  }

  private static void settles(List<Second> run, double share) {
    assertThat(run).allSatisfy(s -> assertThat(s.share()).isCloseTo(share, within(0.05 * share)));
    assertThat(run.getLast().share()).isCloseTo(share, within(0.001));
  }

  private static void isCalm(List<Second> run, int from) {
    assertThat(run.subList(from, run.size()))
        .allMatch(s -> s.share() == 1 && s.threshold() == LinkModel.THRESHOLD);
  }

  private static void swingsLittle(List<Second> run) {
    isBounded(run);
    assertThat(LinkModel.reversals(run)).isLessThanOrEqualTo(2);
  }

  private static void isBounded(List<Second> run) {
    assertThat(run)
        .allMatch(s -> s.share() >= CongestionSettings.DEFAULT.minShare() && s.share() <= 1)
        .allMatch(s -> s.threshold() >= LinkModel.THRESHOLD && s.threshold() <= 131_072);
  }
}
