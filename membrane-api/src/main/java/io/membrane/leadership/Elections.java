package io.membrane.leadership;

import io.membrane.kubernetes.ClusterConnection;
import io.membrane.kubernetes.KubernetesApi;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Where a replica stands as a candidate, and campaigns from the start of the service to its end.
 * Thread-safe.
 */
public final class Elections implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(Elections.class);

  /** Campaigns in the length of a lease, and calls that may time out in it. */
  private static final int CAMPAIGNS = 5;

  private final LeadershipProperties properties;
  private final RedisConnectionFactory redis;
  private final Clock clock;
  private final MeterRegistry meters;
  private final String candidate = candidate();
  private final List<LeaseElection> elections = new ArrayList<>();
  private @Nullable ScheduledExecutorService thread;

  Elections(
      LeadershipProperties properties,
      RedisConnectionFactory redis,
      Clock clock,
      MeterRegistry meters) {
    this.properties = properties;
    this.redis = redis;
    this.clock = clock;
    this.meters = meters;
  }

  /** A process that comes after this one under the same name is another candidate. */
  private static String candidate() {
    return Objects.requireNonNullElse(System.getenv("HOSTNAME"), "replica")
        + "_"
        + UUID.randomUUID();
  }

  /**
   * Makes this replica a candidate; to be called before the start.
   *
   * @param task what is done once, in lower-case letters and '-'; names the lease
   * @throws io.membrane.boot.StartupProblem if there is no way to the cluster that is to have it
   */
  public synchronized Leadership candidateFor(String task) {
    LeaseElection election =
        new LeaseElection(task, lease(task), candidate, properties.lease(), System::nanoTime);
    elections.add(election);
    Gauge.builder(LeadershipMetric.LEADS.meter(), election, e -> e.leads() ? 1 : 0)
        .tag(LeadershipMetric.LEASE_TAG, task)
        .register(meters);
    FunctionCounter.builder(LeadershipMetric.CHANGES.meter(), election, LeaseElection::changes)
        .tag(LeadershipMetric.LEASE_TAG, task)
        .register(meters);
    return election;
  }

  private SharedLease lease(String task) {
    return switch (properties.by()) {
      case REDIS -> new RedisLease(redis, task);
      case KUBERNETES ->
          new KubernetesLease(
              new KubernetesApi(
                  ClusterConnection.open(
                      properties.kubeconfig(),
                      properties.lease().dividedBy(CAMPAIGNS),
                      "membrane.leadership",
                      "membrane.leadership.by=redis")),
              properties.requiredNamespace(),
              properties.name() + "-" + task,
              clock,
              System::nanoTime);
    };
  }

  @Override
  public synchronized void start() {
    if (thread == null && !elections.isEmpty()) {
      thread =
          Executors.newSingleThreadScheduledExecutor(
              Thread.ofPlatform().daemon().name("elections").factory());
      long gapMs = properties.lease().toMillis() / CAMPAIGNS;
      var _ = thread.scheduleWithFixedDelay(this::campaign, 0, gapMs, TimeUnit.MILLISECONDS);
    }
  }

  private void campaign() {
    for (LeaseElection election : elections) {
      try {
        election.campaign();
      } catch (RuntimeException e) {
        log.error("a campaign stumbled; will be tried again", e);
      }
    }
  }

  /** Ends what is under way, and gives back what is held. */
  @Override
  public synchronized void stop() {
    if (thread != null) {
      thread.execute(() -> elections.forEach(LeaseElection::resign));
      thread.shutdown();
      try {
        var _ = thread.awaitTermination(properties.lease().toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      thread.shutdownNow();
      thread = null;
    }
  }

  @Override
  public synchronized boolean isRunning() {
    return thread != null;
  }

  /** Begins after the connections to Redis, and ends after what asks who leads. */
  @Override
  public int getPhase() {
    return 1;
  }
}
