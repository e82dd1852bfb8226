package io.membrane.reconstruction.execute;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.ComputeClient.Model;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Knows what the clusters' workers serve. A worker is asked again after {@link #FRESH}, behind the
 * back of the calls; while it does not answer, what it served last counts. Thread-safe.
 */
final class Fleet {

  private static final Duration FRESH = Duration.ofSeconds(10);
  private static final Duration ASK_LIMIT = Duration.ofSeconds(2);

  private final Map<String, Cluster> clusters;
  private final LoadingCache<String, List<Model>> models;

  Fleet(List<Cluster> clusters) {
    Map<String, Cluster> byName = new LinkedHashMap<>();
    clusters.forEach(c -> byName.put(c.name(), c));
    this.clusters = byName;
    this.models =
        Caffeine.newBuilder()
            .maximumSize(clusters.size())
            .refreshAfterWrite(FRESH)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build(this::ask);
  }

  /** What is served now, in the order of configuration; the clusters are asked side by side. */
  FleetView look() {
    Map<Cluster, Future<List<Model>>> answers = new LinkedHashMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Cluster cluster : clusters.values()) {
        answers.put(cluster, threads.submit(CallContext.carry(() -> models(cluster))));
      }
    }
    CallContext.checkDeadline("asking the workers what they serve");
    List<Served> served = new ArrayList<>();
    List<MembraneException> silent = new ArrayList<>();
    answers.forEach((cluster, answer) -> {
      if (answer.state() == Future.State.SUCCESS) {
        answer.resultNow().forEach(model -> served.add(new Served(cluster, model)));
      } else if (answer.exceptionNow() instanceof MembraneException e) {
        silent.add(e);
      } else {
        throw new IllegalStateException(answer.exceptionNow());
      }
    });
    return new FleetView(served, silent);
  }

  /** Not by the cache's own loading, which would let callers wait behind each other. */
  private List<Model> models(Cluster cluster) {
    @Nullable List<Model> known = models.getIfPresent(cluster.name());
    if (known == null) {
      known = ask(cluster.name());
      models.put(cluster.name(), known);
    }
    return known;
  }

  private List<Model> ask(String name) {
    Cluster cluster = clusters.get(name);
    if (cluster == null) {
      throw new IllegalArgumentException("no cluster " + name);
    }
    try {
      return CallContext.currentOr(ASK_LIMIT)
          .within(ASK_LIMIT)
          .call(() -> Answers.models(cluster, cluster.worker().models()));
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
}
