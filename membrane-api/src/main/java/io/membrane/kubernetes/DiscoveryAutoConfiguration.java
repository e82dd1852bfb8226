package io.membrane.kubernetes;

import io.kubernetes.client.openapi.ApiClient;
import io.membrane.rpc.PeerTls;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** Services find each other's instances by Kubernetes, where that is configured. */
@AutoConfiguration
@ConditionalOnClass(ApiClient.class)
@ConditionalOnProperty(name = "membrane.discovery.by", havingValue = "kubernetes")
@EnableConfigurationProperties(DiscoveryProperties.class)
class DiscoveryAutoConfiguration {

  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  @Bean
  EndpointInstances endpointInstances(PeerTls tls) {
    return new EndpointInstances(tls.isRequired());
  }

  @Bean
  EndpointWatch endpointWatch(DiscoveryProperties properties, EndpointInstances instances) {
    return new EndpointWatch(
        new KubernetesApi(
            ClusterConnection.open(
                properties.kubeconfig(),
                TIMEOUT,
                "membrane.discovery",
                "membrane.discovery.by=urls")),
        properties.requiredNamespace(),
        properties.selector(),
        instances);
  }

  @Bean
  MeterBinder discoveryMetrics(EndpointWatch watch, EndpointInstances instances) {
    return meters -> {
      Gauge.builder(
              DiscoveryMetric.INSTANCES.meter(),
              instances,
              all -> all.counts().values().stream().mapToInt(n -> n).sum())
          .register(meters);
      FunctionCounter.builder(DiscoveryMetric.FAILURES.meter(), watch, EndpointWatch::failures)
          .register(meters);
    };
  }
}
