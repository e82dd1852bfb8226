package io.membrane.gateway;

import io.membrane.boot.ProblemWriter;
import io.membrane.boot.RequestCodings;
import io.membrane.gateway.routing.BackendHealth;
import io.membrane.gateway.routing.Backends;
import io.membrane.gateway.routing.Routes;
import io.membrane.gateway.routing.Service;
import io.membrane.gateway.routing.StreamingExchange;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.PeerTls;
import io.membrane.rpc.ServiceClients;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.cloud.gateway.server.mvc.handler.ProxyExchange;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
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
  Backends backends(
      ClientProperties properties,
      ServiceClients resilience,
      PeerTls tls,
      CloseableHttpClient backendHttp,
      ObservationRegistry observations,
      GatewayProperties gateway) {
    return new Backends(
        properties, resilience, tls, backendHttp, observations, gateway.checked().maxSilence());
  }

  @Bean
  ProxyExchange streamingExchange(Backends backends, ProblemWriter problems, MeterRegistry meters) {
    return new StreamingExchange(backends, problems, meters);
  }

  /** Undone by fragment-service, which the body is passed on to as it came. */
  @Bean
  RequestCodings requestCodings() {
    return RequestCodings.zstdOfFragments();
  }

  @Bean
  RouterFunction<ServerResponse> routes(Backends backends) {
    return Routes.to(backends);
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
  CompositeHealthContributor services(Backends backends, CloseableHttpClient backendHttp) {
    Map<String, BackendHealth> each =
        Arrays.stream(Service.values())
            .collect(
                Collectors.toMap(
                    Service::serviceName,
                    service -> new BackendHealth(backendHttp, backends.url(service))));
    return CompositeHealthContributor.fromMap(each, Function.identity());
  }
}
