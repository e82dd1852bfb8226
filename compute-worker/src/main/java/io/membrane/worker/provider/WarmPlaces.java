package io.membrane.worker.provider;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the directory what a provider has cached, as places of tier {@code provider} that end by
 * themselves. Each tenant has a node of its own: the directory numbers a node's events within a
 * sharing domain, and which tenants share one is not known here. What the directory did not take is
 * told with the next prompt, in a later epoch and with all that is held. Thread-safe.
 */
public final class WarmPlaces implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(WarmPlaces.class);

  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final int BATCH = 2_000;
  private static final int MAX_BLOCKS = 500_000;
  private static final long SWEEP_MS = 1_000;

  private static final class Told {
    final ReentrantLock lock = new ReentrantLock();
    final WarmNode node;
    long epoch;
    long sequence;
    boolean isBegun;

    /** Whether the directory did not take what it was told last. */
    boolean owes;

    boolean isForgotten;
    @Nullable String position;

    Told(Namespace namespace) {
      this.node = new WarmNode(namespace);
    }
  }

  private final String name;
  private final String cluster;
  private final Namespace namespace;
  private final DirectoryClient directory;
  private final MeterRegistry meters;
  private final Clock clock;
  private final Map<String, Told> tenants = new ConcurrentHashMap<>();
  private volatile @Nullable Set<BlockHash> only;
  private final AtomicLong lastEpoch = new AtomicLong();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("warm-places").factory());

  /**
   * @param name node of the default tenant; of others it is followed by {@code @} and the tenant
   */
  public WarmPlaces(
      String name,
      String cluster,
      Namespace namespace,
      DirectoryClient directory,
      MeterRegistry meters,
      Clock clock) {
    this.name = name;
    this.cluster = cluster;
    this.namespace = namespace;
    this.directory = directory;
    this.meters = meters;
    this.clock = clock;
    meters.gauge(ProviderMetric.BLOCKS.metric(), this, WarmPlaces::size);
    var _ = timer.scheduleWithFixedDelay(this::expire, SWEEP_MS, SWEEP_MS, TimeUnit.MILLISECONDS);
  }

  /**
   * Takes the leading blocks of a prompt of the calling tenant for cached.
   *
   * @param end when that ends; an earlier end than is known already changes nothing
   * @return event-log position at which the directory knows; null if it could not be told, or has
   *     nothing to be told
   */
  @Nullable String renew(List<BlockHash> chain, Instant end) {
    String tenant = CallContext.tenantOfCall();
    if (chain.isEmpty() || size() + chain.size() > MAX_BLOCKS) {
      return null;
    }
    return told(
        tenant,
        node -> {
          Set<BlockHash> kept = only;
          return kept == null || kept.containsAll(chain)
              ? node.renew(chain, end.toEpochMilli())
              : List.of();
        });
  }

  /**
   * Takes all but these blocks for gone, whoever had them cached, and for never cached those of an
   * earlier prompt that are still to be renewed.
   */
  void keepOnly(List<BlockHash> chain) {
    Set<BlockHash> kept = Set.copyOf(chain);
    only = kept;
    tenants.forEach((tenant, told) -> {
      if (told.node.size() > 0 || told.owes) {
        var _ = told(tenant, node -> node.keepOnly(kept));
      }
    });
  }

  /** Drops what has ended. */
  void expire() {
    long now = clock.millis();
    tenants.forEach((tenant, told) -> {
      told.lock.lock();
      try {
        told.node.expire(now);
        if (told.node.size() == 0 && (!told.owes || only == null)) {
          told.isForgotten = true;
          tenants.remove(tenant, told);
        }
      } finally {
        told.lock.unlock();
      }
    });
  }

  /** Blocks that are taken for cached. */
  int size() {
    return tenants.values().stream().mapToInt(told -> told.node.size()).sum();
  }

  private @Nullable String told(String tenant, Function<WarmNode, List<Event>> change) {
    while (true) {
      Told told = tenants.computeIfAbsent(tenant, t -> new Told(namespace));
      told.lock.lock();
      try {
        if (!told.isForgotten) {
          tell(tenant, told, change.apply(told.node));
          return told.position;
        }
      } finally {
        told.lock.unlock();
      }
    }
  }

  private void tell(String tenant, Told told, List<Event> news) {
    if (news.isEmpty() && !told.owes) {
      return;
    }
    boolean goesOn = told.isBegun;
    try {
      if (goesOn) {
        send(tenant, told, news);
      } else {
        begin(tenant, told);
      }
      told.owes = false;
      count("sent");
    } catch (MembraneException e) {
      if (goesOn && e.code() == ErrorCode.SEQUENCE_GAP) {
        told.isBegun = false;
        tell(tenant, told, news);
        return;
      }
      told.isBegun = false;
      told.owes = true;
      told.position = null;
      count("failed");
      log.warn("the directory was not told what the provider has cached: {}", e.detail());
    }
  }

  /** In a later epoch, which clears what an earlier one said. */
  private void begin(String tenant, Told told) {
    told.epoch = lastEpoch.updateAndGet(last -> Math.max(last + 1, clock.millis()));
    told.sequence = 0;
    send(tenant, told, told.node.anew());
    told.isBegun = true;
  }

  private void send(String tenant, Told told, List<Event> events) {
    String node = tenant.equals(CallContext.DEFAULT_TENANT) ? name : name + "@" + tenant;
    for (int from = 0; from < events.size(); from += BATCH) {
      List<Event> some = events.subList(from, Math.min(events.size(), from + BATCH));
      EventBatch batch = new EventBatch(node, cluster, told.epoch, told.sequence, some);
      told.position = post(tenant, batch);
      told.sequence += some.size();
    }
  }

  private @Nullable String post(String tenant, EventBatch batch) {
    CallContext caller = CallContext.currentOr(PATIENCE).within(PATIENCE);
    try {
      return caller.as(tenant).call(() -> directory.events(batch).logPosition());
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private void count(String outcome) {
    meters.counter(ProviderMetric.EVENTS.metric(), "outcome", outcome).increment();
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
