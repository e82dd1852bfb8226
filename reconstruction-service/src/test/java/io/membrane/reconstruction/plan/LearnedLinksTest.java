package io.membrane.reconstruction.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.Seeds;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LearnedLinksTest {

  private static final long HALF_LIFE = Duration.ofMinutes(2).toNanos();
  private static final Link OWN = new Link("a", "redis", "a");
  private static final Link CROSSING = new Link("b", "memory", "a");
  private static final long MIB = 1 << 20;

  private static final LearnedLinks.Expected EXPECTED =
      new LearnedLinks.Expected(new Pace(1, 1000), new Pace(2, 500), new Pace(20, 100));

  private final AtomicLong now = new AtomicLong();
  private final LearnedLinks links = new LearnedLinks(EXPECTED, HALF_LIFE, now::get);

  @Test
  void aLinkThatWasNeverUsedIsAsConfigured() {
    assertThat(links.pace(OWN)).isEqualTo(new Pace(2, 500));
    assertThat(links.pace(new Link("a", "memory", "a"))).isEqualTo(new Pace(1, 1000));
    assertThat(links.pace(CROSSING)).isEqualTo(new Pace(21, 100));
  }

  @Test
  void whatFetchesTookIsLearned() {
    LearnedLinks lasting = new LearnedLinks(EXPECTED, Long.MAX_VALUE, now::get);
    for (int i = 0; i < 20; i++) {
      take(lasting, 64 * MIB, 64 * MIB / 50.0);
    }

    assertThat(lasting.pace(OWN).bytesPerMs()).isCloseTo(50, within(1.0));
    assertThat(lasting.pace(CROSSING).bytesPerMs()).isEqualTo(100);
  }

  @Test
  void aSmallFetchCountsLittle() {
    links.observe(List.of(OWN), List.of(1000L), 100);

    assertThat(links.pace(OWN).bytesPerMs()).isBetween(480.0, 500.0);
  }

  @Test
  void whatWasSeenFadesSoThatASlowLinkIsTriedAgain() {
    links.observe(List.of(OWN), List.of(640 * MIB), 640 * MIB / 5.0);
    assertThat(links.pace(OWN).bytesPerMs()).isLessThan(10);

    now.addAndGet(20 * HALF_LIFE);

    assertThat(links.pace(OWN).bytesPerMs()).isCloseTo(500, within(5.0));
  }

  @Test
  void fetchesAtOnceAreNotASlowLink() {
    now.addAndGet(HALF_LIFE);
    double together = 30 * 64 * MIB / 500.0;
    for (int i = 0; i < 30; i++) {
      links.observe(List.of(OWN), List.of(64 * MIB), together);
    }

    assertThat(links.pace(OWN).bytesPerMs()).isCloseTo(500, within(5.0));
  }

  @Test
  void aFetchCountsFromTheEndOfTheOneBefore() {
    LearnedLinks lasting = new LearnedLinks(EXPECTED, Long.MAX_VALUE, now::get);
    double each = 640 * MIB / 50.0;
    take(lasting, 640 * MIB, each);
    now.addAndGet((long) (each * 1e6 / 4));
    lasting.observe(List.of(OWN), List.of(640 * MIB), each);

    assertThat(lasting.pace(OWN).bytesPerMs()).isCloseTo(2 / 1.25 * 50, within(2.0));
  }

  @Test
  void aRateLiesBetweenWhatWasExpectedAndWhatWasSeen() {
    Seeds.forAll(
        1000,
        random -> {
          LearnedLinks fresh =
              new LearnedLinks(
                  new LearnedLinks.Expected(new Pace(0, 1), new Pace(0, 500), new Pace(0, 1)),
                  HALF_LIFE,
                  now::get);
          double slowest = 500;
          double fastest = 500;
          for (int i = 0; i < 10; i++) {
            now.addAndGet(random.nextLong(2 * HALF_LIFE));
            long bytes = 1 + random.nextLong(64 * MIB);
            double rate = 1 + random.nextDouble(1000);
            slowest = Math.min(slowest, rate);
            fastest = Math.max(fastest, rate);
            take(fresh, bytes, bytes / rate);
            assertThat(fresh.pace(OWN).bytesPerMs()).isBetween(slowest * 0.999, fastest * 1.001);
          }
        });
  }

  @Test
  void aFetchOverTwoLinksIsSharedOutAsItWasExpected() {
    links.observe(List.of(OWN, CROSSING), List.of(100 * MIB, 100 * MIB), 1e9);

    double own = links.pace(OWN).bytesPerMs() / 500;
    double crossing = links.pace(CROSSING).bytesPerMs() / 100;
    assertThat(own).isLessThan(0.2).isCloseTo(crossing, within(0.01));
  }

  @Test
  void aFetchThatTookNoTimeSaysNothing() {
    links.observe(List.of(OWN), List.of(MIB), 0);
    links.observe(List.of(), List.of(), 10);

    assertThat(links.pace(OWN)).isEqualTo(new Pace(2, 500));
  }

  /** One fetch after the other. */
  private void take(LearnedLinks from, long bytes, double ms) {
    now.addAndGet((long) Math.ceil(ms * 1e6));
    from.observe(List.of(OWN), List.of(bytes), ms);
  }
}
