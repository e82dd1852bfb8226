package io.membrane.worker;

import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.DirectoryClient;
import io.membrane.worker.provider.PromptWarming;
import io.membrane.worker.provider.ProviderCall;
import io.membrane.worker.provider.ProviderModel;
import io.membrane.worker.provider.WarmPlaces;
import io.membrane.worker.provider.wire.ProviderWire;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.Objects;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;

/** Wiring of a worker that has somebody else prefill. No engine is loaded. */
@Configuration(proxyBeanMethods = false)
@Conditional(RemoteBackend.class)
@EnableConfigurationProperties(ProviderProperties.class)
class ProviderConfiguration {

  @Bean
  ProviderSettings providerSettings(WorkerProperties worker, ProviderProperties properties) {
    return ProviderSettings.of(worker, properties);
  }

  @Bean
  ProviderModel providerModel(ProviderSettings settings) {
    return settings.model();
  }

  @Bean
  ProviderWire providerWire(ProviderSettings settings) {
    return settings.backend().wire(settings.model().options());
  }

  @Bean
  ProviderCall providerCall(
      ProviderSettings settings,
      ProviderWire wire,
      ServiceClients clients,
      ClientProperties properties,
      Clock clock) {
    return new ProviderCall(
        settings.backend().word(),
        settings.url(),
        settings.key(),
        wire,
        clients,
        properties.defaultDeadline(),
        clock);
  }

  /** With a breaker of its own: events that fail must not keep prompts from being named. */
  @Bean
  WarmPlaces warmPlaces(
      ProviderSettings settings,
      ProviderProperties properties,
      ClientProperties peers,
      ServiceClients clients,
      MeterRegistry meters,
      Clock clock) {
    return new WarmPlaces(
        Objects.requireNonNullElse(properties.node(), settings.backend().word()),
        properties.cluster(),
        settings.model().namespace(),
        clients.of(
            DirectoryClient.class,
            "directory-service-events",
            Objects.requireNonNull(
                peers.url("directory-service"), "set membrane.client.peers.directory-service")),
        meters,
        clock);
  }

  @Bean
  PromptWarming promptWarming(
      ProviderSettings settings,
      ProviderWire wire,
      ProviderCall call,
      WarmPlaces places,
      ServiceClients clients,
      ClientProperties properties,
      MeterRegistry meters,
      Clock clock) {
    return new PromptWarming(
        settings.model(),
        wire,
        call,
        clients.of(DirectoryClient.class, "directory-service"),
        places,
        settings.prices(),
        properties.defaultDeadline(),
        meters,
        clock);
  }
}
