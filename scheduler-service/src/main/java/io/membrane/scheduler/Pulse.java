package io.membrane.scheduler;

import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.kubernetes.Reconciliation;
import io.membrane.scheduler.kubernetes.RoleCounts;
import io.membrane.scheduler.kubernetes.RoleScaler;
import io.membrane.scheduler.live.LiveFleet;
import io.membrane.scheduler.live.LiveView;
import io.membrane.scheduler.live.LongTerm;
import io.membrane.scheduler.live.MeasuredLengths;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/** What the scheduler does by itself: each second it reads what all replicas know, and controls. */
@Component
class Pulse implements SmartLifecycle {

  private static final Duration BEAT = Duration.ofSeconds(1);

  /** Between two steps of scaling, or a period of long-term control if that is shorter. */
  private static final Duration SCALE = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(Pulse.class);

  private final LiveFleet live;
  private final MeasuredLengths lengths;
  private final LongTerm longTerm;
  private final RoleScaler scaler;
  private final SchedulerMetrics metrics;
  private final Duration scale;
  private volatile @Nullable Reconciliation reconciliation;
  private @Nullable ScheduledExecutorService beats;

  Pulse(
      LiveFleet live,
      MeasuredLengths lengths,
      LongTerm longTerm,
      RoleScaler scaler,
      SchedulerMetrics metrics,
      SchedulerProperties properties) {
    this.live = live;
    this.lengths = lengths;
    this.longTerm = longTerm;
    this.scaler = scaler;
    this.metrics = metrics;
    Duration period = properties.roles().period();
    this.scale = period.compareTo(SCALE) < 0 ? period : SCALE;
  }

  /** What became of the wanted roles on Kubernetes; null until this replica has looked. */
  @Nullable Reconciliation reconciliation() {
    return reconciliation;
  }

  @Override
  public synchronized void start() {
    live.refresh();
    ScheduledExecutorService threads =
        Executors.newScheduledThreadPool(2, Thread.ofPlatform().name("pulse-", 0).factory());
    every(threads, BEAT, this::beat);
    every(threads, scale, this::scale);
    beats = threads;
  }

  private static void every(ScheduledExecutorService threads, Duration gap, Runnable work) {
    ScheduledFuture<?> _ =
        threads.scheduleWithFixedDelay(work, gap.toMillis(), gap.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void beat() {
    try {
      live.refresh();
      lengths.flush();
      longTerm.step();
      metrics.show(LiveView.of(live, longTerm.idle(), System.nanoTime()));
    } catch (MembraneException e) {
      log.debug("a beat of the pulse was missed: {}", e.detail());
    } catch (RuntimeException e) {
      log.error("the scheduler's pulse stumbled", e);
    }
  }

  /** The replica that made the last step of long-term control scales, step by step. */
  private void scale() {
    try {
      LiveView.Roles roles = LiveView.of(live, longTerm.idle(), System.nanoTime()).roles();
      if (roles != null && longTerm.leads()) {
        reconciliation =
            scaler.reconcile(new RoleCounts(roles.wanted().prefill(), roles.wanted().decode()));
      }
    } catch (RuntimeException e) {
      log.error("roles could not be scaled", e);
    }
  }

  @Override
  public synchronized void stop() {
    if (beats != null) {
      beats.shutdownNow();
      beats = null;
    }
  }

  @Override
  public synchronized boolean isRunning() {
    return beats != null;
  }
}
