package io.membrane.boot;

import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.PeerTls;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** TLS to peers and of callers; that of the port itself is Boot's {@code server.ssl}. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({ClientTlsProperties.class, ServerTlsProperties.class})
class TlsConfiguration {

  private static final Logger log = LoggerFactory.getLogger(TlsConfiguration.class);

  @Bean
  PeerTls peerTls(
      ClientTlsProperties properties, ClientProperties client, ObjectProvider<SslBundles> bundles) {
    String name = properties.sslBundle();
    if (name.isBlank()) {
      return PeerTls.ofJdk();
    }
    SslBundles all = bundles.getObject();
    PeerTls tls = PeerTls.required(bundle(all, name).createSslContext());
    client
        .peers()
        .forEach((peer, urls) ->
            urls.forEach(url -> PeerUrls.check(tls, "membrane.client.peers." + peer, url)));
    all.addBundleUpdateHandler(
        name,
        changed -> {
          tls.replace(changed.createSslContext());
          log.info("bundle {} has changed: new connections to peers use it", name);
        });
    return tls;
  }

  private static SslBundle bundle(SslBundles all, String name) {
    try {
      return all.getBundle(name);
    } catch (NoSuchSslBundleException e) {
      throw new StartupProblem(
          "membrane.client.ssl-bundle is " + name + ", and there is no such bundle",
          "Set spring.ssl.bundle.pem.%s.keystore.certificate, .keystore.private-key and"
                  .formatted(name)
              + " .truststore.certificate, or leave membrane.client.ssl-bundle out.");
    }
  }

  @Bean
  MeterBinder tlsMetrics(PeerTls tls) {
    return meters -> {
      FunctionCounter.builder(TlsMetric.FAILED.meter(), tls, PeerTls::failures).register(meters);
      FunctionCounter.builder(TlsMetric.RELOADS.meter(), tls, PeerTls::reloads).register(meters);
    };
  }

  @Bean
  WebServerFactoryCustomizer<TomcatWebServerFactory> callerNames(
      ServerTlsProperties properties,
      Environment environment,
      ProblemWriter problems,
      MeterRegistry meters) {
    if (!properties.namesAny()) {
      return factory -> {};
    }
    if (!asksForCertificates(environment)) {
      throw new StartupProblem(
          "membrane.server.allowed-names or member-names is set, and callers are not asked for"
              + " certificates",
          "Set server.ssl.bundle and server.ssl.client-auth=need, or leave the names out.");
    }
    Counter refused = refused(meters, "name");
    return factory ->
        factory.addContextValves(new CallerNameValve(properties, problems, refused::increment));
  }

  private static boolean asksForCertificates(Environment environment) {
    return Binder.get(environment)
        .bind("server.ssl", Ssl.class)
        .map(ssl -> ssl.isEnabled() && ssl.getClientAuth() == Ssl.ClientAuth.NEED)
        .orElse(false);
  }

  @Bean
  WebServerFactoryCustomizer<TomcatWebServerFactory> handshakeWatch(MeterRegistry meters) {
    Counter failed = refused(meters, "handshake");
    return factory -> factory.addEngineValves(new HandshakeWatch(failed::increment));
  }

  private static Counter refused(MeterRegistry meters, String reason) {
    return Counter.builder(TlsMetric.REFUSED.meter())
        .tag(TlsMetric.REASON_TAG, reason)
        .register(meters);
  }
}
