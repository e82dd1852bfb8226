package io.membrane.gateway.routing;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** When an exchange is given up. Thread-safe. */
final class PatienceLimit {

  private final ScheduledExecutorService watchdog;
  private final Runnable giveUp;
  private @Nullable Duration maxSilence;
  private @Nullable Future<?> end;

  /** Gives up at a deadline. */
  PatienceLimit(ScheduledExecutorService watchdog, Runnable giveUp, Duration left) {
    this.watchdog = watchdog;
    this.giveUp = giveUp;
    endAfter(left);
  }

  /** From now on it gives up only if there is no {@link #sign} for so long. */
  synchronized void onlySilence(Duration atMost) {
    maxSilence = atMost;
    endAfter(atMost);
  }

  /** Something has come. */
  synchronized void sign() {
    if (maxSilence != null && end != null) {
      endAfter(maxSilence);
    }
  }

  /** Never gives up. */
  synchronized void lift() {
    if (end != null) {
      end.cancel(false);
      end = null;
    }
  }

  private synchronized void endAfter(Duration time) {
    lift();
    end = watchdog.schedule(giveUp, Math.max(1, time.toMillis()), TimeUnit.MILLISECONDS);
  }
}
