package io.membrane.reconstruction.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReturnTimesTest {

  private static final long START = 1_700_000_000_000L;

  private final ReturnTimes times = new ReturnTimes();

  private static Turn turn(long atMs) {
    return new Turn(atMs, 100, 0, 100, 0);
  }

  private static Session session(long... atMs) {
    List<Turn> turns = LongStream.of(atMs).mapToObj(ReturnTimesTest::turn).toList();
    return new Session(atMs[0], turns.size(), turns, Seeds.namespace(16), List.of());
  }

  /** Sessions of one turn, of which some go on after a pause. */
  private void learn(int sessions, int goOn, long pauseMs) {
    for (int i = 0; i < sessions; i++) {
      times.learn(null, turn(START));
      if (i < goOn) {
        times.learn(session(START), turn(START + pauseMs));
      }
    }
  }

  private Forecast forecast(Session session, long nowMs) {
    return Objects.requireNonNull(times.forecast(session, nowMs));
  }

  @Test
  void nothingIsForetoldFromFewReturns() {
    learn(100, ReturnTimes.LEAST - 1, 60_000);

    assertThat(times.forecast(session(START), START)).isNull();
  }

  @Test
  void theShareThatWentOnIsTheProbability() {
    learn(100, 25, 60_000);

    assertThat(forecast(session(START), START).probability()).isEqualTo(0.25);
  }

  @Test
  void whoIsLaterThanAllOthersWereIsNotExpected() {
    learn(100, 25, 60_000);

    assertThat(forecast(session(START), START + 120_000).probability()).isZero();
  }

  @Test
  void whatIsExpectedLiesAheadOfTheWaitAndInOrder() {
    learn(50, 25, 60_000);
    learn(50, 25, 600_000);

    Forecast later = forecast(session(START), START + 100_000);

    assertThat(later.earliestAtMs()).isGreaterThan(START + 100_000);
    assertThat(later.expectedAtMs()).isBetween(later.earliestAtMs(), later.latestAtMs());
    assertThat(later.probability()).isEqualTo(25.0 / 75);
  }

  @Test
  void aSessionOfLongPausesIsExpectedLater() {
    learn(100, 50, 60_000);

    long usual = forecast(session(START, START + 60_000), START + 60_000).expectedAtMs();
    long slow = forecast(session(START - 540_000, START + 60_000), START + 60_000).expectedAtMs();

    assertThat(slow - START - 60_000).isGreaterThan(2 * (usual - START - 60_000));
  }

  @Test
  void whatWasLearntLatelyCountsMore() {
    learn(8191, 8191, 60_000);
    learn(8192, 0, 60_000);

    assertThat(forecast(session(START), START).probability()).isLessThan(0.4);
  }

  @Test
  void aClockThatGoesBackDoesNoHarm() {
    learn(30, 30, -5000);

    assertThat(forecast(session(START), START - 10_000).probability()).isEqualTo(1);
  }

  @Test
  void theForecastIsThatOfAllObservationsWithinABucket() {
    Seeds.forAll(200, ReturnTimesTest::compareWithAllObservations);
  }

  private static void compareWithAllObservations(RandomGenerator random) {
    ReturnTimes learning = new ReturnTimes();
    Observations all = new Observations();
    List<@Nullable Session> open = new ArrayList<>();
    long now = START;
    for (int i = 0; i < 400; i++) {
      now += random.nextInt(40_000);
      int which =
          open.isEmpty() || random.nextInt(3) == 0 ? open.size() : random.nextInt(open.size());
      Session before = which == open.size() ? null : open.get(which);
      learning.learn(before, turn(now));
      all.learn(before, now);
      Session after = continued(before, now);
      if (before == null) {
        open.add(after);
      } else {
        open.set(which, after);
      }
    }
    for (Session session : open) {
      Session known = Objects.requireNonNull(session);
      all.check(known, now, learning.forecast(known, now));
    }
  }

  private static Session continued(@Nullable Session before, long now) {
    if (before == null) {
      return session(now);
    }
    return session(
        LongStream.concat(before.turns().stream().mapToLong(Turn::atMs), LongStream.of(now))
            .toArray());
  }

  /** Everything that was seen, kept as it is. */
  private static final class Observations {

    private final List<List<Double>> returns = new ArrayList<>();
    private final int[] turns = new int[ReturnTimes.CLASSES];
    private final List<Double> logPauses = new ArrayList<>();

    Observations() {
      for (int i = 0; i < ReturnTimes.CLASSES; i++) {
        returns.add(new ArrayList<>());
      }
    }

    void learn(@Nullable Session before, long atMs) {
      if (before != null) {
        double pause = (double) Math.max(1000, atMs - before.last().atMs());
        returns.get(Math.min(before.turnCount(), 4) - 1).add(pause / tempo(before));
        logPauses.add(Math.log(pause));
      }
      turns[Math.min(before == null ? 1 : before.turnCount() + 1, 4) - 1]++;
    }

    private double tempo(Session session) {
      if (logPauses.isEmpty()) {
        return 1;
      }
      double mean = logPauses.stream().mapToDouble(p -> p).average().orElseThrow();
      double[] own =
          session.pausesMs().mapToDouble(p -> Math.log((double) Math.max(1000, p))).toArray();
      double sum = 0;
      for (double pause : own) {
        sum += pause - mean;
      }
      return Math.exp(sum / (own.length + 2));
    }

    private long below(int count, double pause) {
      return returns.get(count).stream().filter(p -> p < pause).count();
    }

    void check(Session session, long now, @Nullable Forecast forecast) {
      int count = Math.min(session.turnCount(), 4) - 1;
      while (count > 0 && returns.get(count).size() < ReturnTimes.LEAST) {
        count--;
      }
      int returned = returns.get(count).size();
      if (returned < ReturnTimes.LEAST) {
        assertThat(forecast).isNull();
        return;
      }
      assertThat(forecast).isNotNull();
      double tempo = tempo(session);
      int waited = ReturnTimes.bucket((now - session.last().atMs()) / tempo);
      long least = below(count, ReturnTimes.start(waited) - 1e-6);
      long most = below(count, ReturnTimes.start(waited + 1) + 1e-6);
      assertThat(forecast.probability())
          .isBetween(share(count, most) - 1e-9, share(count, least) + 1e-9);
      if (most < returned) {
        double expected = (forecast.expectedAtMs() - session.last().atMs()) / tempo;
        double slack = 2 / tempo;
        int bucket = ReturnTimes.bucket(Math.max(0, expected - slack));
        int next = ReturnTimes.bucket(expected + slack) + 1;
        assertThat(0.5 * (most + returned))
            .isGreaterThanOrEqualTo((double) below(count, ReturnTimes.start(bucket) - 1e-6));
        assertThat(0.5 * (least + returned))
            .isLessThanOrEqualTo(below(count, ReturnTimes.start(next) + 1e-6) + 1e-9);
      }
    }

    private double share(int count, long gone) {
      int left = returns.get(count).size() - (int) gone;
      return left == 0 ? 0 : (double) left / (turns[count] - gone);
    }
  }
}
