package io.membrane.worker;

import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.FragmentClient;
import io.membrane.worker.publish.ComputeLane;
import io.membrane.worker.publish.PromptPrefill;
import io.membrane.worker.publish.ServedModel;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Wiring. The model is loaded and tried while the context starts, so that the port opens, and
 * readiness is reported, only when a prompt can be served.
 */
@Configuration(proxyBeanMethods = false)
class WorkerConfiguration {

  @Bean
  ComputeLane computeLane(WorkerProperties properties, ClientProperties clients) {
    return new ComputeLane(properties.queueLimit(), clients.defaultDeadline());
  }

  @Bean
  ServedModel servedModel(WorkerProperties properties, ComputeLane lane) {
    return lane.load(() -> ModelLoader.load(properties));
  }

  @Bean
  PromptPrefill promptPrefill(
      ServedModel served, ComputeLane lane, ServiceClients clients, MeterRegistry meters) {
    return new PromptPrefill(
        served,
        lane,
        clients.of(DirectoryClient.class, "directory-service"),
        clients.of(FragmentClient.class, "fragment-service"),
        meters);
  }
}
