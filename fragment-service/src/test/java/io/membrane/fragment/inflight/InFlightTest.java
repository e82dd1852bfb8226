package io.membrane.fragment.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.membrane.fixture.Seeds;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class InFlightTest {

  private static final Duration WAIT = Duration.ofMillis(50);

  @Test
  void moreThanTheLimitIsRefusedAsOverloaded() {
    InFlight inFlight = new InFlight(10 * 1024, WAIT);
    try (Lease held = inFlight.reserve(8 * 1024)) {
      assertThatExceptionOfType(MembraneException.class)
          .isThrownBy(() -> inFlight.reserve(3 * 1024))
          .matches(e -> e.code() == ErrorCode.OVERLOADED);
      assertThat(inFlight.bytes()).isEqualTo(8 * 1024);
      held.growTo(10 * 1024);
      assertThat(inFlight.bytes()).isEqualTo(10 * 1024);
    }
    assertThat(inFlight.bytes()).isZero();
  }

  @Test
  void aPayloadLargerThanTheLimitTakesAllThereIs() {
    InFlight inFlight = new InFlight(4 * 1024, WAIT);
    try (Lease all = inFlight.reserve(1L << 40)) {
      all.growTo(1L << 41);
      assertThat(inFlight.bytes()).isEqualTo(4 * 1024);
    }
  }

  @Test
  void whoWaitsGetsTheRoomThatIsGivenBack() throws Exception {
    InFlight inFlight = new InFlight(4 * 1024, Duration.ofSeconds(10));
    try (ExecutorService other = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Lease> waiting;
      try (Lease first = inFlight.reserve(4 * 1024)) {
        waiting = other.submit(() -> inFlight.reserve(2 * 1024));
        assertThat(waiting.isDone()).isFalse();
        first.release();
      }
      waiting.get().close();
    }
    assertThat(inFlight.bytes()).isZero();
  }

  @Test
  void nobodyWaitsLongerThanTheDeadline() throws Exception {
    InFlight inFlight = new InFlight(1024, Duration.ofMinutes(1));
    try (Lease held = inFlight.reserve(1024)) {
      long before = System.nanoTime();
      CallContext.of("default", WAIT)
          .call(() ->
              assertThatExceptionOfType(MembraneException.class)
                  .isThrownBy(() -> inFlight.reserve(1)));
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(30));
      held.release();
    }
  }

  @Test
  void whateverIsTakenIsGivenBack() {
    Seeds.forAll(
        20,
        random -> {
          InFlight inFlight = new InFlight(64 * 1024, WAIT);
          List<Lease> leases = new ArrayList<>();
          for (int i = 0; i < 50; i++) {
            step(random, inFlight, leases);
            assertThat(inFlight.bytes()).isBetween(0L, 64L * 1024);
          }
          leases.forEach(Lease::close);
          Awaitility.await().until(() -> inFlight.bytes() == 0);
        });
  }

  private static void step(RandomGenerator random, InFlight inFlight, List<Lease> leases) {
    if (leases.isEmpty() || random.nextInt(3) > 0) {
      leases.add(inFlight.reserve(random.nextInt(1024)));
    } else {
      Lease lease = leases.remove(random.nextInt(leases.size()));
      lease.growTo(random.nextInt(2048));
      lease.close();
    }
  }
}
