package io.membrane.boot;

import io.lettuce.core.SslOptions;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslManagerBundle;

/** TLS to Redis by a bundle that may change. */
final class RedisTls {

  private RedisTls() {}

  /** Reads the bundle for each connection. */
  static SslOptions options(SslBundles bundles, String name) {
    SslBundle atStart = bundles.getBundle(name);
    SslOptions.Builder options = SslOptions.builder().jdkSslProvider();
    String[] ciphers = atStart.getOptions().getCiphers();
    if (ciphers != null) {
      options.cipherSuites(ciphers);
    }
    String[] protocols = atStart.getOptions().getEnabledProtocols();
    if (protocols != null) {
      options.protocols(protocols);
    }
    return options
        .sslContext(context -> {
          SslManagerBundle managers = bundles.getBundle(name).getManagers();
          context
              .keyManager(managers.getKeyManagerFactory())
              .trustManager(managers.getTrustManagerFactory());
        })
        .build();
  }
}
