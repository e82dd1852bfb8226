package io.membrane.fragment;

import io.membrane.boot.ProblemWriter;
import io.membrane.boot.StartupProblem;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.Ssl.ClientAuth;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Lets engines in with tokens of the gateway, if a port is named for that. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(DirectProperties.class)
@ConditionalOnExpression("${membrane.fragment.direct.port:-1} != -1")
class DirectConfiguration {

  @Bean
  DirectConnector directConnector(
      DirectProperties properties,
      ProblemWriter problems,
      ObjectProvider<SslBundles> bundles,
      Environment environment) {
    return new DirectConnector(
        properties.port(),
        tls(environment, bundles),
        new DirectTokens(properties.secrets()),
        problems);
  }

  private static @Nullable MembrainTls tls(
      Environment environment, ObjectProvider<SslBundles> bundles) {
    Ssl ssl = Binder.get(environment).bind("server.ssl", Ssl.class).orElse(null);
    if (ssl == null || !ssl.isEnabled()) {
      return null;
    }
    if (ssl.getBundle() == null) {
      throw new StartupProblem(
          DirectProperties.PORT + " is set, and the service's TLS is no bundle",
          "Set server.ssl.bundle instead of the other server.ssl.*, or leave "
              + DirectProperties.PORT
              + " out.");
    }
    return MembrainTls.of(ssl.getBundle(), bundles.getObject(), ClientAuth.NONE);
  }
}
