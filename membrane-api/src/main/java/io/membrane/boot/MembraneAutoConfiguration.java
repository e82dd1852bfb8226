package io.membrane.boot;

import io.github.resilience4j.micrometer.tagged.TaggedBulkheadMetrics;
import io.github.resilience4j.micrometer.tagged.TaggedCircuitBreakerMetrics;
import io.github.resilience4j.micrometer.tagged.TaggedRetryMetrics;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.PeerTls;
import io.membrane.rpc.ServiceClients;
import io.membrane.rpc.ServiceInstances;
import io.membrane.rpc.WireJson;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.tracing.Tracer;
import java.time.Clock;
import java.util.List;
import org.apache.catalina.core.StandardHost;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.boot.tomcat.TomcatContextCustomizer;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.web.client.RestClient;

/** Beans that every service has. */
@AutoConfiguration(
    beforeName = "org.springframework.boot.webmvc.autoconfigure.error.ErrorMvcAutoConfiguration")
@Import({OpenApiWords.class, TlsConfiguration.class})
@EnableConfigurationProperties({ClientProperties.class, HttpProperties.class})
class MembraneAutoConfiguration {

  @Bean
  Clock clock() {
    return Clock.systemUTC();
  }

  @Bean
  JsonMapperBuilderCustomizer wireJson() {
    return WireJson::configure;
  }

  @Bean
  ProblemWriter problemWriter(ObjectProvider<Tracer> tracer) {
    return new ProblemWriter(tracer.getIfAvailable());
  }

  @Bean
  CallContexts callContexts(HttpProperties properties) {
    return new CallContexts(properties);
  }

  @Bean
  ProblemAdvice problemAdvice(ProblemWriter problems) {
    return new ProblemAdvice(problems);
  }

  @Bean
  CallerWatch callerWatch() {
    return new CallerWatch();
  }

  @Bean
  CallerWatchAdvice callerWatchAdvice() {
    return new CallerWatchAdvice();
  }

  @Bean
  ProblemErrorController problemErrorController(ProblemWriter problems) {
    return new ProblemErrorController(problems);
  }

  /** Inside observation (order −2³¹+1), so that a refusal has a trace id too. */
  @Bean
  FilterRegistrationBean<CallContextFilter> callContextFilter(
      CallContexts contexts,
      HttpProperties properties,
      ProblemWriter problems,
      ObjectProvider<RequestCodings> codings) {
    FilterRegistrationBean<CallContextFilter> registration =
        new FilterRegistrationBean<>(
            new CallContextFilter(
                contexts,
                properties,
                problems,
                codings.getIfAvailable(() -> request -> List.of())));
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE + 10);
    return registration;
  }

  @Bean
  WebServerFactoryCustomizer<TomcatWebServerFactory> valves(CallerWatch callers) {
    TomcatContextCustomizer customizer =
        context -> {
          if (context.getParent() instanceof StandardHost host) {
            host.setErrorReportValveClass(ProblemReportValve.class.getName());
          }
        };
    return factory -> {
      factory.addContextCustomizers(customizer);
      factory.addContextValves(
          new UnreadBodyValve(), new BrokenTransferValve(), new CallerWatchValve(callers));
    };
  }

  @Bean
  Draining draining(HttpProperties properties, ApplicationContext context) {
    return new Draining(properties.drain(), context);
  }

  @Bean
  WebServerFactoryCustomizer<TomcatWebServerFactory> drainingConnections(Draining draining) {
    return factory -> factory.addEngineValves(new DrainingValve(draining));
  }

  @Bean
  ServiceClients serviceClients(
      RestClient.Builder template,
      ClientProperties properties,
      PeerTls tls,
      ObjectProvider<ServiceInstances> instances,
      MeterRegistry meters) {
    ServiceClients clients =
        new ServiceClients(
            template, properties, tls, instances.getIfAvailable(() -> ServiceInstances.NONE));
    TaggedCircuitBreakerMetrics.ofCircuitBreakerRegistry(clients.circuitBreakers()).bindTo(meters);
    TaggedBulkheadMetrics.ofBulkheadRegistry(clients.bulkheads()).bindTo(meters);
    TaggedRetryMetrics.ofRetryRegistry(clients.retries()).bindTo(meters);
    return clients;
  }
}
