package io.membrane.scheduler.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.Seeds;
import io.membrane.scheduler.routing.InFlight.Load;
import io.membrane.scheduler.routing.InFlight.Ticket;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class InFlightTest {

  private static final long SECOND = 1_000_000_000L;

  private final InFlight inFlight = new InFlight();

  /** A decision as the naive ledger keeps it. */
  private static final class Kept {

    private final Decision decision;
    private final long leavesNanos;
    private final Ticket ticket;
    private boolean released;

    Kept(Decision decision, long leavesNanos, Ticket ticket) {
      this.decision = decision;
      this.leavesNanos = leavesNanos;
      this.ticket = ticket;
    }
  }

  @Test
  void anEntryCountsUntilItsExpectedEnd() {
    inFlight.add(decision("c", "n", 700, 2), 0);
    assertThat(inFlight.of("c", SECOND)).isEqualTo(new Load(1, 700, 5e6, 1.0));
    assertThat(inFlight.of("c", "n", SECOND)).isEqualTo(new Load(1, 700, 5e6, 1.0));
    assertThat(inFlight.of("c", "m", SECOND)).isEqualTo(Load.NONE);
    assertThat(inFlight.of("d", SECOND)).isEqualTo(Load.NONE);
    assertThat(inFlight.of("c", 2 * SECOND - 1).requests()).isEqualTo(1);
    assertThat(inFlight.of("c", 2 * SECOND + 34_000_000)).isEqualTo(Load.NONE);
  }

  @Test
  void anEntryThatIsReleasedLeavesOnce() {
    Ticket first = inFlight.add(decision("c", null, 700, 2), 0);
    inFlight.add(decision("c", null, 300, 2), 0);
    first.release();
    first.release();
    assertThat(inFlight.of("c", 0).tokens()).isEqualTo(300);
    assertThat(inFlight.of("c", 0).requests()).isEqualTo(1);
    inFlight.of("c", 5 * SECOND);
    first.release();
    assertThat(inFlight.of("c", 5 * SECOND)).isEqualTo(Load.NONE);
  }

  @Test
  void whoseEndIsUnknownStaysForTenSeconds() {
    RouteQuery query = Fleets.prompt(10, Fleets.pd("c", 3));
    Decision unknown = Fleets.FREE.decide(query, FleetState.of(5, Regime.SCARCE), inFlight, 0);
    inFlight.add(unknown, 0);
    assertThat(inFlight.of("c", 9 * SECOND)).isEqualTo(new Load(1, 7, 0, 0));
    assertThat(inFlight.of("c", 11 * SECOND)).isEqualTo(Load.NONE);
  }

  @Test
  void whatAGoneClusterHadIsGivenUp() {
    inFlight.add(decision("c", "n", 700, 2), 0);
    Ticket second = inFlight.add(decision("c", "m", 300, 200), 0);
    inFlight.add(decision("d", "n", 50, 2), 0);
    assertThat(inFlight.forget("c")).isEqualTo(new Load(2, 1000, 1e7, 101.0));
    assertThat(inFlight.forget("c")).isEqualTo(Load.NONE);
    second.release();
    assertThat(inFlight.of("c", "n", 0)).isEqualTo(Load.NONE);
    assertThat(inFlight.of("d", "n", 0).tokens()).isEqualTo(50);
  }

  @Test
  void aFullLedgerGivesUpTheEntryThatEndsFirst() {
    inFlight.add(decision("early", null, 1, 1), 0);
    for (int i = 1; i < InFlight.CAPACITY; i++) {
      inFlight.add(decision("late", null, 1, 30), 0);
    }
    assertThat(inFlight.of("early", 0).requests()).isEqualTo(1);
    inFlight.add(decision("late", null, 1, 30), 0);
    assertThat(inFlight.of("early", 0)).isEqualTo(Load.NONE);
    assertThat(inFlight.of("late", 0).requests()).isEqualTo(InFlight.CAPACITY);
    inFlight.add(decision("more", null, 1, 60), 0);
    assertThat(inFlight.of("late", 0).requests()).isEqualTo(InFlight.CAPACITY - 1);
  }

  @Test
  void itCountsAsAListDoes() {
    Seeds.forAll(
        200,
        random -> {
          InFlight ledger = new InFlight();
          List<Kept> list = new ArrayList<>();
          long now = random.nextLong() / 4;
          for (int i = 0; i < 400; i++) {
            now += elapsed(random);
            String cluster = "c" + random.nextInt(3);
            switch (random.nextInt(4)) {
              case 0, 1 -> {
                double seconds = Math.pow(10, 3.5 * random.nextDouble() - 1);
                String node = random.nextInt(3) == 0 ? null : "n" + random.nextInt(2);
                Decision d = decision(cluster, node, random.nextInt(1000), seconds);
                list.add(new Kept(d, leaves(now, seconds), ledger.add(d, now)));
              }
              case 2 -> {
                if (!list.isEmpty()) {
                  Kept k = list.get(random.nextInt(list.size()));
                  k.ticket.release();
                  k.released = true;
                }
              }
              default -> {
                String node = "n" + random.nextInt(2);
                same(ledger.of(cluster, now), sum(list, now, cluster, null));
                same(ledger.of(cluster, node, now), sum(list, now, cluster, node));
              }
            }
          }
        });
  }

  @Test
  void manyThreadsLoseNothing() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      boolean releases = t % 2 == 0;
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 0; i < 2000; i++) {
                  Ticket ticket = inFlight.add(decision("c", "n", 3, 60), i);
                  if (releases) {
                    ticket.release();
                  }
                }
              }));
    }
    for (Thread t : threads) {
      t.join();
    }
    assertThat(inFlight.of("c", "n", 2000).requests()).isEqualTo(8000);
    assertThat(inFlight.of("c", 2000).tokens()).isEqualTo(24_000);
    assertThat(inFlight.of("c", 70 * SECOND)).isEqualTo(Load.NONE);
  }

  private static long elapsed(RandomGenerator random) {
    return switch (random.nextInt(20)) {
      case 0 -> 300 * SECOND;
      case 1, 2 -> 0;
      default -> (long) (random.nextDouble() * SECOND);
    };
  }

  /** The end of the slot that the expected end lies in, at most the wheel's last. */
  private static long leaves(long now, double seconds) {
    long slot = 1L << InFlight.SLOT_BITS;
    long end = Math.floorDiv(now + (long) (seconds * 1e9), slot);
    return (Math.min(end, Math.floorDiv(now, slot) + InFlight.SLOTS - 1) + 1) * slot;
  }

  private static Load sum(List<Kept> list, long now, String cluster, @Nullable String node) {
    Load sum = Load.NONE;
    for (Kept k : list) {
      Decision d = k.decision;
      if (!k.released
          && now < k.leavesNanos
          && d.target().equals(cluster)
          && (node == null || node.equals(d.node()))) {
        sum =
            new Load(
                sum.requests() + 1,
                sum.tokens() + d.incrementalTokens(),
                sum.bytes() + d.egressBytes().orElse(0),
                sum.seconds() + d.terms().getFirst().prefillSeconds());
      }
    }
    return sum;
  }

  private static void same(Load actual, Load expected) {
    assertThat(actual.requests()).isEqualTo(expected.requests());
    assertThat(actual.tokens()).isEqualTo(expected.tokens());
    assertThat(actual.bytes()).isCloseTo(expected.bytes(), within(1.0));
    assertThat(actual.seconds()).isCloseTo(expected.seconds(), within(1e-6));
  }

  /** A decision whose prefill is half of its time to first token. */
  private static Decision decision(
      String cluster, @Nullable String node, int tokens, double seconds) {
    Terms terms = new Terms(cluster, tokens, 0, seconds / 2, seconds / 2, seconds, 5e6, 0, 0, 0);
    return new Decision(
        cluster,
        Role.PREFILL,
        node,
        tokens,
        0,
        0,
        Regime.SCARCE,
        null,
        Rule.LENGTH,
        List.of(terms),
        new Grounds(tokens, "", cluster, 0, null, null, terms, null, List.of()));
  }
}
