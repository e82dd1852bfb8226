package io.membrane.fragment;

import io.membrane.boot.ProblemWriter;
import io.membrane.fragment.store.FragmentStore;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Wires the Membrain protocol. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(MembrainProperties.class)
class MembrainConfiguration {

  @Bean
  MembrainConnector membrainConnector(MembrainProperties properties, ProblemWriter problems) {
    return new MembrainConnector(properties.port(), problems);
  }

  @Bean
  ServletRegistrationBean<MembrainServlet> membrainServlet(
      FragmentStore store,
      FragmentProperties limits,
      MembrainProperties properties,
      HealthEndpoint health) {
    MembrainServlet servlet =
        new MembrainServlet(
            store.values(),
            new Uploads(store, limits.maxBytes().toBytes()),
            properties.namespaces(),
            health);
    ServletRegistrationBean<MembrainServlet> registration =
        new ServletRegistrationBean<>(servlet, MembrainServlet.VALUES, MembrainServlet.HEALTH);
    registration.setName("membrain");
    return registration;
  }
}
