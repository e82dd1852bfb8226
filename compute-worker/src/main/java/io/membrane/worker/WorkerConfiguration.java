package io.membrane.worker;

import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.FragmentClient;
import io.membrane.worker.publish.BlockDescriptions;
import io.membrane.worker.publish.ChunkEmbedding;
import io.membrane.worker.publish.ComputeLane;
import io.membrane.worker.publish.PromptPrefill;
import io.membrane.worker.publish.ServedModel;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.util.Objects;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;

/**
 * Wiring. The model is loaded and tried while the context starts, so that the port opens, and
 * readiness is reported, only when a prompt can be served.
 */
@Configuration(proxyBeanMethods = false)
@Conditional(LocalBackend.class)
class WorkerConfiguration {

  @Bean
  ComputeLane computeLane(WorkerProperties properties, ClientProperties clients) {
    return new ComputeLane(properties.queueLimit(), clients.defaultDeadline());
  }

  @Bean
  ServedModel servedModel(WorkerProperties properties, ComputeLane lane) {
    return lane.load(() -> ModelLoader.load(properties));
  }

  /** With a breaker of its own: descriptions that fail must not keep prefills from resolving. */
  @Bean
  BlockDescriptions blockDescriptions(
      WorkerProperties properties,
      ClientProperties peers,
      ServedModel served,
      ServiceClients clients,
      MeterRegistry meters) {
    URI directory =
        Objects.requireNonNull(
            peers.peers().get("directory-service"), "set membrane.client.peers.directory-service");
    return new BlockDescriptions(
        served,
        clients.of(DirectoryClient.class, "directory-service-descriptions", directory),
        properties.describeBlocks() ? properties.describeLimit() : 0,
        meters);
  }

  @Bean
  ChunkEmbedding chunkEmbedding(ServedModel served, ComputeLane lane, MeterRegistry meters) {
    return new ChunkEmbedding(served, lane, meters);
  }

  @Bean
  PromptPrefill promptPrefill(
      ServedModel served,
      ComputeLane lane,
      ServiceClients clients,
      BlockDescriptions descriptions,
      MeterRegistry meters) {
    return new PromptPrefill(
        served,
        lane,
        clients.of(DirectoryClient.class, "directory-service"),
        clients.of(FragmentClient.class, "fragment-service"),
        descriptions,
        meters);
  }
}
