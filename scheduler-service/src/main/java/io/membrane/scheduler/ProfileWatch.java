package io.membrane.scheduler;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.live.LiveFleet;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.ComputeClient.Profile;
import io.membrane.wire.ComputeClient.ProfilePoint;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Asks a worker of each cluster that is configured so how fast it prefills, again and again. While
 * one does not answer, what it said last holds; before that, what is described.
 */
final class ProfileWatch implements SmartLifecycle {

  private static final Duration PERIOD = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(ProfileWatch.class);

  private final LiveFleet live;
  private final Map<String, ComputeClient> workers;
  private final Map<String, String> faults = new ConcurrentHashMap<>();
  private @Nullable ScheduledExecutorService thread;

  /**
   * A watch that has not begun.
   *
   * @param workers one of each cluster, by the cluster's name
   */
  ProfileWatch(LiveFleet live, Map<String, ComputeClient> workers) {
    this.live = live;
    this.workers = Map.copyOf(workers);
  }

  @Override
  public synchronized void start() {
    thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("profiles").daemon().factory());
    ScheduledFuture<?> _ =
        thread.scheduleWithFixedDelay(this::askAll, 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Asks every worker once. */
  void askAll() {
    new TreeSet<>(workers.keySet()).forEach(this::ask);
  }

  private void ask(String cluster) {
    ComputeClient worker = workers.get(cluster);
    if (worker == null) {
      return;
    }
    try {
      List<Profile> profiles =
          CallContext.of(CallContext.DEFAULT_TENANT, PATIENCE).call(() -> worker.profile().data());
      take(cluster, profiles.stream().filter(p -> !p.points().isEmpty()).toList());
    } catch (MembraneException | IllegalArgumentException e) {
      fault(cluster, String.valueOf(e.getMessage()));
    } catch (Exception e) {
      fault(cluster, e.toString());
    }
  }

  private void take(String cluster, List<Profile> measured) {
    if (measured.size() > 1) {
      fault(cluster, "its worker serves several models; name one that serves the fleet's alone");
      return;
    }
    if (!measured.isEmpty()) {
      List<ProfilePoint> points = measured.getFirst().points();
      live.measured(
          cluster,
          points.stream().mapToDouble(ProfilePoint::tokens).toArray(),
          points.stream().mapToDouble(p -> p.prefillMs() / 1e3).toArray());
    }
    if (faults.remove(cluster) != null) {
      log.info("the profile of cluster '{}' is known again", cluster);
    }
  }

  private void fault(String cluster, String reason) {
    if (faults.put(cluster, reason) == null) {
      log.warn("cluster '{}' keeps the profile that it has: {}", cluster, reason);
    }
  }

  @Override
  public synchronized void stop() {
    if (thread != null) {
      thread.shutdownNow();
      thread = null;
    }
  }

  @Override
  public synchronized boolean isRunning() {
    return thread != null;
  }
}
