package io.membrane.fragment;

import io.membrane.boot.StartupProblem;
import java.util.Map;
import org.apache.catalina.connector.Connector;
import org.apache.commons.logging.LogFactory;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.tomcat.SslConnectorCustomizer;
import org.springframework.boot.web.server.Ssl.ClientAuth;

/**
 * TLS of the Membrain protocol's own port, as Boot does it for the service's.
 *
 * @param name of the bundle
 * @param bundle as it is at the start
 * @param bundles tell when it changes
 * @param callers whether they show certificates
 */
record MembrainTls(String name, SslBundle bundle, SslBundles bundles, ClientAuth callers) {

  static MembrainTls of(String name, SslBundles bundles, ClientAuth callers) {
    try {
      return new MembrainTls(name, bundles.getBundle(name), bundles, callers);
    } catch (NoSuchSslBundleException e) {
      throw new StartupProblem(
          "membrane.fragment.membrain.ssl-bundle is %s, and there is no such bundle"
              .formatted(name),
          "Set spring.ssl.bundle.pem.%s.*, or leave it out for plain HTTP.".formatted(name));
    }
  }

  void secure(Connector connector) {
    SslConnectorCustomizer tls =
        new SslConnectorCustomizer(LogFactory.getLog(MembrainTls.class), connector, callers);
    tls.customize(bundle, Map.of());
    bundles.addBundleUpdateHandler(name, changed -> tls.update(null, changed));
  }
}
