package io.membrane.reconstruction.execute;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.membrane.block.Namespace;
import io.membrane.reconstruction.plan.PrefillProfile;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.Model;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
    Map<Cluster, Future<List<Served>>> answers = new LinkedHashMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Cluster cluster : clusters.values()) {
        answers.put(cluster, threads.submit(CallContext.carry(() -> servedBy(cluster))));
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

  private static List<Served> ask(Cluster cluster) {
    List<Model> models = Answers.models(cluster, cluster.worker().models());
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
