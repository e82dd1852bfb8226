package io.membrane.reconstruction.execute;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.membrane.block.Namespace;
import io.membrane.reconstruction.plan.PrefillProfile;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.ComputeClient.ModelList;
import io.membrane.wire.Model;
import io.membrane.wire.TransferBlock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows what the clusters' workers serve, and how fast. A worker is asked again after {@link
 * #FRESH}, behind the back of the calls; while it does not answer, what it served last counts.
 * Thread-safe.
 */
final class Fleet {

  private static final Logger log = LoggerFactory.getLogger(Fleet.class);

  private static final Duration FRESH = Duration.ofSeconds(10);
  private static final Duration ASK_LIMIT = Duration.ofSeconds(2);

  private final Map<String, Cluster> clusters;
  private final LoadingCache<String, List<Served>> served;

  /** What the ids of transfer blocks begin with, by cluster. */
  private final Map<String, String> nodes = new ConcurrentHashMap<>();

  Fleet(List<Cluster> clusters) {
    Map<String, Cluster> byName = new LinkedHashMap<>();
    clusters.forEach(c -> byName.put(c.name(), c));
    this.clusters = byName;
    this.served =
        Caffeine.newBuilder()
            .maximumSize(clusters.size())
            .refreshAfterWrite(FRESH)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build(this::ask);
  }

  /** What is served now, in the order of configuration; the clusters are asked side by side. */
  FleetView look() {
    return look(this::servedBy);
  }

  private FleetView look(Function<Cluster, List<Served>> asking) {
    Map<Cluster, Future<List<Served>>> answers = new LinkedHashMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Cluster cluster : clusters.values()) {
        answers.put(cluster, threads.submit(CallContext.carry(() -> asking.apply(cluster))));
      }
    }
    CallContext.checkDeadline("asking the workers what they serve");
    List<Served> all = new ArrayList<>();
    List<MembraneException> silent = new ArrayList<>();
    answers.forEach((cluster, answer) -> {
      if (answer.state() == Future.State.SUCCESS) {
        all.addAll(answer.resultNow());
      } else if (answer.exceptionNow() instanceof MembraneException e) {
        silent.add(e);
      } else {
        throw new IllegalStateException(answer.exceptionNow());
      }
    });
    return new FleetView(all, silent);
  }

  /**
   * The worker that has a transfer block. Workers that are not known by the beginning of its id are
   * asked again first: one may have been started since.
   *
   * @throws MembraneException {@link ErrorCode#NOT_FOUND} if none has it, or its own problem if one
   *     could not be asked
   */
  ComputeClient holder(String id) {
    String node = id.substring(0, Math.max(0, id.indexOf(TransferBlock.SEPARATOR)));
    if (!nodes.containsValue(node)) {
      List<MembraneException> silent = look(cluster -> ask(cluster.name())).silent();
      if (!nodes.containsValue(node) && !silent.isEmpty()) {
        throw silent.getFirst();
      }
    }
    return clusters.values().stream()
        .filter(cluster -> node.equals(nodes.get(cluster.name())))
        .findFirst()
        .orElseThrow(() ->
            new MembraneException(
                ErrorCode.NOT_FOUND,
                "no worker has this transfer block: it is handed out once, by the process that"
                    + " computed it, and not for long; prefill again"))
        .worker();
  }

  /** Not by the cache's own loading, which would let callers wait behind each other. */
  private List<Served> servedBy(Cluster cluster) {
    @Nullable List<Served> known = served.getIfPresent(cluster.name());
    if (known == null) {
      known = ask(cluster.name());
      served.put(cluster.name(), known);
    }
    return known;
  }

  private List<Served> ask(String name) {
    Cluster cluster = clusters.get(name);
    if (cluster == null) {
      throw new IllegalArgumentException("no cluster " + name);
    }
    try {
      return CallContext.currentOr(ASK_LIMIT).within(ASK_LIMIT).call(() -> ask(cluster));
    } catch (MembraneException e) {
      throw e.code() == ErrorCode.DEADLINE_EXCEEDED
          ? new MembraneException(ErrorCode.DEPENDENCY_UNAVAILABLE, e.detail(), e)
          : e;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private List<Served> ask(Cluster cluster) {
    ModelList answer = cluster.worker().models();
    List<Model> models = Answers.models(cluster, answer);
    if (answer.node() != null) {
      nodes.put(cluster.name(), answer.node());
    }
    Map<Namespace, PrefillProfile> profiles = profiles(cluster);
    return models.stream()
        .map(model -> new Served(cluster, model, profiles.get(model.namespace())))
        .toList();
  }

  /** Plans do without: a worker need not know the path, and has measured nothing at first. */
  private static Map<Namespace, PrefillProfile> profiles(Cluster cluster) {
    try {
      return Answers.profiles(cluster, cluster.worker().profile());
    } catch (MembraneException e) {
      log.debug("no profile of the compute-worker of cluster {}: {}", cluster.name(), e.detail());
      return Map.of();
    }
  }
}
