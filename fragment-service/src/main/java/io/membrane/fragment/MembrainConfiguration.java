package io.membrane.fragment;

import io.membrane.boot.ProblemWriter;
import io.membrane.fragment.store.FragmentStore;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl.ClientAuth;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Wires the Membrain protocol. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(MembrainProperties.class)
class MembrainConfiguration {

  @Bean
  MembrainConnector membrainConnector(
      MembrainProperties properties,
      ProblemWriter problems,
      ObjectProvider<SslBundles> bundles,
      Environment environment) {
    String bundle = properties.sslBundle();
    ClientAuth callers =
        Binder.get(environment)
            .bind("server.ssl.client-auth", ClientAuth.class)
            .orElse(ClientAuth.NONE);
    MembrainTls tls =
        bundle.isBlank() ? null : MembrainTls.of(bundle, bundles.getObject(), callers);
    return new MembrainConnector(properties.port(), tls, problems);
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
