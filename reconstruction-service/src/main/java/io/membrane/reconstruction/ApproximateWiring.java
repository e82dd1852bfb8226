package io.membrane.reconstruction;

import io.membrane.boot.StartupProblem;
import io.membrane.reconstruction.execute.ApproximateReuse;
import io.membrane.reconstruction.execute.ApproximateSettings;
import io.membrane.reconstruction.prefetch.PrefetchCounts;
import io.membrane.reconstruction.prefetch.Prefetching;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.DirectoryClient;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Approximate reuse, and what is counted of it. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ApproximateProperties.class)
class ApproximateWiring {

  /** With clients that share no breaker and no bulkhead with those of prefills and matches. */
  @Bean
  ApproximateReuse approximateReuse(
      ServiceClients clients,
      ClientProperties peers,
      ReconstructionProperties properties,
      ApproximateProperties approximate,
      Prefetching prefetching) {
    if (!approximate.patience().isPositive()) {
      throw new StartupProblem(
          "membrane.reconstruction.approximate.patience is " + approximate.patience(),
          "Write how long a prompt waits for the search for similar blocks, for example 1s.");
    }
    Map<String, ComputeClient> embedders =
        properties.clusters().entrySet().stream()
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    e ->
                        clients.of(
                            ComputeClient.class,
                            "compute-worker." + e.getKey() + ".embeddings",
                            Wiring.url(e.getKey(), e.getValue()))));
    return new ApproximateReuse(
        embedders,
        clients.of(
            DirectoryClient.class,
            "directory-service.similar",
            Objects.requireNonNull(peers.url("directory-service"))),
        prefetching,
        new ApproximateSettings(
            approximate.leastSimilarity(),
            approximate.leastEqual(),
            approximate.maxBlocks(),
            approximate.patience()));
  }

  @Bean
  MeterBinder approximateMetrics(ApproximateReuse reuse, Prefetching prefetching) {
    return meters -> {
      PrefetchCounts similar = prefetching.similarCounts();
      blocks(meters, "asked", similar, PrefetchCounts::blocks);
      blocks(meters, "left_out", similar, PrefetchCounts::leftOut);
      counter(Metric.SEMANTIC_BYTES, similar, PrefetchCounts::bytes).register(meters);
      counter(Metric.FAILED_SEMANTIC_PREFETCHES, similar, PrefetchCounts::failed).register(meters);
      counter(Metric.LOST_DESCRIPTIONS, similar, PrefetchCounts::untold).register(meters);
      counter(Metric.FAILED_SEMANTIC_SEARCHES, reuse, ApproximateReuse::failed).register(meters);
    };
  }

  private static void blocks(
      MeterRegistry meters,
      String outcome,
      PrefetchCounts source,
      ToDoubleFunction<PrefetchCounts> count) {
    counter(Metric.SEMANTIC_BLOCKS, source, count).tag("outcome", outcome).register(meters);
  }

  private static <T> FunctionCounter.Builder<T> counter(
      Metric metric, T source, ToDoubleFunction<T> count) {
    return FunctionCounter.builder(metric.id(), source, count);
  }
}
