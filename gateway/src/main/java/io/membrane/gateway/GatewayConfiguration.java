package io.membrane.gateway;

import io.membrane.boot.ProblemWriter;
import io.membrane.boot.RequestCodings;
import io.membrane.gateway.routing.BackendHealth;
import io.membrane.gateway.routing.Backends;
import io.membrane.gateway.routing.ConfiguredInstances;
import io.membrane.gateway.routing.FragmentNodes;
import io.membrane.gateway.routing.InstanceWatch;
import io.membrane.gateway.routing.Instances;
import io.membrane.gateway.routing.Readiness;
import io.membrane.gateway.routing.Routes;
import io.membrane.gateway.routing.Service;
import io.membrane.gateway.routing.StreamingExchange;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.PeerTls;
import io.membrane.rpc.ServiceClients;
import io.membrane.rpc.ServiceInstances;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.cloud.gateway.server.mvc.handler.ProxyExchange;
import org.springframework.cloud.gateway.server.mvc.handler.ProxyExchangeHandlerFunction;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.ServerResponse;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(GatewayProperties.class)
class GatewayConfiguration {

  private static final String SOCKET_BUFFER_BYTES = Integer.toString(64 * 1024);

  @Bean
  CloseableHttpClient backendHttp(ClientProperties properties, PeerTls tls) {
    return BackendHttp.client(properties, tls);
  }

  @Bean
  FragmentNodes fragmentNodes(PeerTls tls) {
    return new FragmentNodes(tls);
  }

  /** Nodes by the directory, before what Kubernetes knows of any service and what is configured. */
  @Bean
  Instances instances(
      FragmentNodes nodes,
      ObjectProvider<ServiceInstances> discovered,
      ClientProperties properties,
      ServiceClients resilience) {
    return new Instances(
        List.of(
            nodes,
            discovered.getIfAvailable(() -> ServiceInstances.NONE),
            new ConfiguredInstances(properties)),
        nodes,
        resilience);
  }

  @Bean
  Readiness readiness(CloseableHttpClient backendHttp) {
    return new Readiness(backendHttp);
  }

  @Bean
  InstanceWatch instanceWatch(
      Instances instances,
      FragmentNodes nodes,
      Readiness readiness,
      ServiceClients clients,
      GatewayProperties gateway) {
    return new InstanceWatch(
        instances,
        nodes,
        readiness,
        clients,
        gateway.checked().fragmentCluster(),
        gateway.refresh());
  }

  @Bean
  Backends backends(
      Instances instances,
      ClientProperties properties,
      ServiceClients resilience,
      PeerTls tls,
      CloseableHttpClient backendHttp,
      ObservationRegistry observations,
      MeterRegistry meters,
      GatewayProperties gateway) {
    return new Backends(
        instances,
        properties,
        resilience,
        tls,
        backendHttp,
        observations,
        meters,
        gateway.checked().maxSilence());
  }

  @Bean
  ProxyExchange streamingExchange(Backends backends, ProblemWriter problems) {
    return new StreamingExchange(backends, problems);
  }

  /**
   * Before the port opens. By itself the handler learns its filters only when the management port
   * is open too, and fails what comes before.
   */
  @Bean
  SmartInitializingSingleton filtersOfHandler(
      ProxyExchangeHandlerFunction handler, ApplicationContext context) {
    return () -> handler.onApplicationEvent(new ContextRefreshedEvent(context));
  }

  /** Undone by fragment-service, which the body is passed on to as it came. */
  @Bean
  RequestCodings requestCodings() {
    return RequestCodings.zstdOfFragments();
  }

  @Bean
  RouterFunction<ServerResponse> routes() {
    return Routes.toServices();
  }

  /** Bodies go through in pieces as large as those in which they are read; 8 KiB cost half. */
  @Bean
  WebServerFactoryCustomizer<TomcatWebServerFactory> socketBuffers() {
    return factory ->
        factory.addConnectorCustomizers(connector -> {
          connector.setProperty("socket.appReadBufSize", SOCKET_BUFFER_BYTES);
          connector.setProperty("socket.appWriteBufSize", SOCKET_BUFFER_BYTES);
        });
  }

  @Bean
  CompositeHealthContributor services(Instances instances, Readiness readiness) {
    Map<String, BackendHealth> each =
        Arrays.stream(Service.values())
            .collect(
                Collectors.toMap(
                    Service::serviceName,
                    service -> new BackendHealth(instances, readiness, service)));
    return CompositeHealthContributor.fromMap(each, Function.identity());
  }
}
