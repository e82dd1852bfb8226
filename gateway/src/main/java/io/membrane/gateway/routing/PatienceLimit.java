package io.membrane.gateway.routing;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.Cancellation;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** When an exchange is given up: at the latest when its caller leaves. Thread-safe. */
final class PatienceLimit {

  private final ScheduledExecutorService watchdog;
  private final Runnable giveUp;
  private final Cancellation.Listener leaving;
  private @Nullable Duration maxSilence;
  private @Nullable Future<?> end;

  /** Gives up at a deadline, or when the caller of this thread's request leaves. */
  PatienceLimit(ScheduledExecutorService watchdog, Runnable giveUp, Duration left) {
    this.watchdog = watchdog;
    this.giveUp = giveUp;
    this.leaving = CallContext.onCancel(giveUp);
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
  void lift() {
    leaving.close();
    stop();
  }

  private synchronized void stop() {
    if (end != null) {
      end.cancel(false);
      end = null;
    }
  }

  private synchronized void endAfter(Duration time) {
    stop();
    end = watchdog.schedule(giveUp, Math.max(1, time.toMillis()), TimeUnit.MILLISECONDS);
  }
}
