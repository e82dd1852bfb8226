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
  private static final Logger log = LoggerFactory.getLogger(Pulse.class);

  private final LiveFleet live;
  private final MeasuredLengths lengths;
  private final LongTerm longTerm;
  private final RoleScaler scaler;
  private final SchedulerMetrics metrics;
  private volatile @Nullable Reconciliation reconciliation;
  private @Nullable ScheduledExecutorService beats;

  Pulse(
      LiveFleet live,
      MeasuredLengths lengths,
      LongTerm longTerm,
      RoleScaler scaler,
      SchedulerMetrics metrics) {
    this.live = live;
    this.lengths = lengths;
    this.longTerm = longTerm;
    this.scaler = scaler;
    this.metrics = metrics;
  }

  /** What became of the wanted roles on Kubernetes; null until this replica has looked. */
  @Nullable Reconciliation reconciliation() {
    return reconciliation;
  }

  @Override
  public synchronized void start() {
    live.refresh();
    beats = Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().name("pulse").factory());
    beats.scheduleWithFixedDelay(
        this::beat, BEAT.toMillis(), BEAT.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void beat() {
    try {
      live.refresh();
      lengths.flush();
      boolean stepped = longTerm.step();
      LiveView view = LiveView.of(live, longTerm.idle(), System.nanoTime());
      metrics.show(view);
      if (stepped && view.roles() != null) {
        LiveView.Count wanted = view.roles().wanted();
        reconciliation = scaler.reconcile(new RoleCounts(wanted.prefill(), wanted.decode()));
      }
    } catch (MembraneException e) {
      log.debug("a beat of the pulse was missed: {}", e.detail());
    } catch (RuntimeException e) {
      log.error("the scheduler's pulse stumbled", e);
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
