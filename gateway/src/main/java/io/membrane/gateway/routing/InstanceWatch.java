package io.membrane.gateway.routing;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.MembershipClient;
import io.membrane.wire.MembershipClient.Nodes;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Keeps what is known of instances up to date, beside the requests: which fragment nodes live, by
 * whichever directory answers, and which instances are ready. Thread-safe.
 */
public final class InstanceWatch implements SmartLifecycle {

  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final Logger log = LoggerFactory.getLogger(InstanceWatch.class);

  private final Instances instances;
  private final FragmentNodes nodes;
  private final Readiness readiness;
  private final ServiceClients clients;
  private final String cluster;
  private final ScheduledExecutorService threads =
      Executors.newScheduledThreadPool(
          2, Thread.ofPlatform().daemon().name("instances-", 0).factory());
  private final Map<Instance, MembershipClient> directories = new ConcurrentHashMap<>();
  private final Duration every;
  private Set<Instance> known = Set.of();
  private volatile boolean running;

  /**
   * @param cluster whose fragment nodes are behind this gateway
   * @param every how often all is asked
   */
  public InstanceWatch(
      Instances instances,
      FragmentNodes nodes,
      Readiness readiness,
      ServiceClients clients,
      String cluster,
      Duration every) {
    this.instances = instances;
    this.nodes = nodes;
    this.readiness = readiness;
    this.clients = clients;
    this.cluster = cluster;
    this.every = every;
  }

  /** Begins; does not wait for anybody. */
  @Override
  public void start() {
    running = true;
    for (Runnable task : List.<Runnable>of(this::askDirectory, this::askInstances)) {
      var _ =
          threads.scheduleWithFixedDelay(
              () -> run(task), 0, every.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** A task that throws would not be run again. */
  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      log.error("what is known of instances stays as it was", e);
    }
  }

  private void askDirectory() {
    for (Instance directory : instances.inOrder(Service.DIRECTORY, null)) {
      try {
        nodes.accept(ask(directory));
        return;
      } catch (MembraneException e) {
        log.debug("{} does not tell the fragment nodes: {}", directory.name(), e.detail());
      }
    }
  }

  private Nodes ask(Instance directory) {
    MembershipClient client =
        directories.computeIfAbsent(
            directory, it -> clients.of(MembershipClient.class, it.name(), it.url()));
    try {
      return CallContext.of(CallContext.DEFAULT_TENANT, PATIENCE)
          .call(() -> client.nodes(MembershipClient.FRAGMENT, cluster));
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("a client throws nothing checked", e);
    }
  }

  private void askInstances() {
    List<Instance> all = instances.all();
    Set<Instance> unready = ConcurrentHashMap.newKeySet();
    try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Instance instance : all) {
        each.execute(() -> {
          if (!isReady(instance)) {
            unready.add(instance);
          }
        });
      }
    }
    instances.unready(unready);
    forget(new HashSet<>(all));
  }

  private boolean isReady(Instance instance) {
    try {
      return readiness.ask(instance);
    } catch (IOException | RuntimeException e) {
      log.debug("{} does not say whether it is ready", instance.name(), e);
      return false;
    }
  }

  /** Breakers and bulkheads of those that are gone, and with them their metrics. */
  private void forget(Set<Instance> all) {
    for (Instance instance : known) {
      if (!all.contains(instance)) {
        clients.circuitBreakers().remove(instance.name());
        clients.bulkheads().remove(instance.name());
        directories.remove(instance);
      }
    }
    known = all;
  }

  @Override
  public void stop() {
    running = false;
    threads.shutdownNow();
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** From before the port is open until after it is closed. */
  @Override
  public int getPhase() {
    return 0;
  }
}
