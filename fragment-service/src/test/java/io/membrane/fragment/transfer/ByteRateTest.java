package io.membrane.fragment.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bucket4j.TimeMeter;
import io.membrane.fixture.Seeds;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ByteRateTest {

  private static final class Meter implements TimeMeter {

    final AtomicLong nanos = new AtomicLong();

    @Override
    public long currentTimeNanos() {
      return nanos.get();
    }

    @Override
    public boolean isWallClockBased() {
      return false;
    }
  }

  @Test
  void noMorePassesInAnyTimeThanTheRateAndAQuarterSecond() {
    Seeds.forAll(
        50,
        random -> {
          Meter meter = new Meter();
          long rate = TransferOrder.LEAST_RATE + random.nextInt(10_000_000);
          ByteRate bytes = new ByteRate(rate, meter, meter.nanos::addAndGet);
          double passed = 0;
          for (int i = 0; i < 300; i++) {
            int n = 1 + random.nextInt(65_536);
            take(bytes, n);
            passed += n;
            double seconds = meter.nanos.get() / 1e9;
            assertThat(passed).isLessThanOrEqualTo(rate * (seconds + 0.25) * 1.001 + 1);
            assertThat(seconds).isLessThanOrEqualTo(passed / rate + 0.001);
          }
        });
  }

  private static void take(ByteRate rate, int bytes) {
    try {
      rate.take(bytes);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
