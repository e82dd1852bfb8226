package io.membrane.worker;

import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.Hedging;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.FragmentClient;
import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.batch.PrefillTimes;
import io.membrane.worker.prefill.Prefill;
import io.membrane.worker.publish.BlockDescriptions;
import io.membrane.worker.publish.ChunkEmbedding;
import io.membrane.worker.publish.EngineSpans;
import io.membrane.worker.publish.LaneMetrics;
import io.membrane.worker.publish.PrefillProfile;
import io.membrane.worker.publish.PromptPrefill;
import io.membrane.worker.publish.ServedModel;
import io.membrane.worker.publish.TransferBlocks;
import io.membrane.worker.publish.WorkerMetric;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.tracing.Tracer;
import java.net.URI;
import java.time.Clock;
import java.util.Objects;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.ApplicationContext;
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
  PrefillTimes prefillTimes() {
    return new PrefillTimes();
  }

  @Bean
  EngineSpans engineSpans(ObjectProvider<Tracer> tracer) {
    return new EngineSpans(tracer.getIfAvailable());
  }

  @Bean
  ComputeLane<Prefill> computeLane(
      WorkerProperties properties,
      PrefillTimes times,
      ClientProperties clients,
      EngineSpans spans,
      MeterRegistry meters) {
    LaneMetrics metrics = new LaneMetrics(meters, spans);
    ComputeLane<Prefill> lane =
        new ComputeLane<>(
            properties.limits(), Prefill::advanceAll, times, metrics, clients.defaultDeadline());
    metrics.show(lane);
    return lane;
  }

  @Bean
  Drain drain(ComputeLane<Prefill> lane, ApplicationContext context) {
    return new Drain(lane, context);
  }

  @Bean
  ServedModel servedModel(
      WorkerProperties properties, ComputeLane<Prefill> lane, EngineSpans spans) {
    ServedModel served = lane.load(() -> ModelLoader.load(properties));
    spans.on(served.model().device());
    return served;
  }

  @Bean
  PrefillProfile prefillProfile(
      ServedModel served,
      PrefillTimes times,
      ComputeLane<Prefill> lane,
      WorkerProperties properties) {
    PrefillProfile profile = new PrefillProfile(served, times);
    profile.measure(lane, properties.profile());
    return profile;
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
            peers.url("directory-service"), "set membrane.client.peers.directory-service");
    return new BlockDescriptions(
        served,
        clients.of(DirectoryClient.class, "directory-service-descriptions", directory),
        properties.describeBlocks() ? properties.describeLimit() : 0,
        meters);
  }

  @Bean
  ChunkEmbedding chunkEmbedding(
      ServedModel served, ComputeLane<Prefill> lane, MeterRegistry meters) {
    return new ChunkEmbedding(served, lane, meters);
  }

  @Bean
  TransferBlocks transferBlocks(WorkerProperties properties, Clock clock, MeterRegistry meters) {
    return new TransferBlocks(
        properties.transferMemory().toBytes(), properties.transferTtl(), clock, meters);
  }

  @Bean
  PromptPrefill promptPrefill(
      ServedModel served,
      ComputeLane<Prefill> lane,
      PrefillTimes times,
      ServiceClients clients,
      BlockDescriptions descriptions,
      TransferBlocks transferBlocks,
      WorkerProperties properties,
      MeterRegistry meters) {
    return new PromptPrefill(
        served,
        lane,
        times,
        clients.of(DirectoryClient.class, "directory-service"),
        clients.of(FragmentClient.class, "fragment-service"),
        descriptions,
        transferBlocks,
        new Hedging(
            properties.hedgeAfter(), properties.hedgeShare(), WorkerMetric.HEDGES.metric(), meters),
        properties.fetchWindow().toBytes(),
        properties.computeAfter(),
        meters);
  }
}
