package io.membrane.fragment;

import io.membrane.boot.StartupProblem;
import io.membrane.rpc.CallContext;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Configuration of the Membrain protocol.
 *
 * @param port its own port, beside the service's; 0: any that is free; -1: none
 * @param sslBundle the bundle of {@code spring.ssl.bundle} with which that port speaks TLS; empty:
 *     it speaks plain HTTP
 * @param namespaces tenants by the namespaces that are theirs; others are their callers'
 */
@ConfigurationProperties("membrane.fragment.membrain")
record MembrainProperties(
    @DefaultValue("9201") int port,
    @DefaultValue("") String sslBundle,
    @DefaultValue Map<String, String> namespaces) {

  static final int NONE = -1;

  private static final int MAX_PORT = 65_535;

  MembrainProperties {
    namespaces = Map.copyOf(namespaces);
    if (port < NONE || port > MAX_PORT) {
      throw new StartupProblem(
          "membrane.fragment.membrain.port is out of range",
          "Set membrane.fragment.membrain.port to a port, e.g. 9201, or to -1 for none.");
    }
    namespaces.forEach((namespace, tenant) -> {
      if (!CallContext.isTenant(tenant)) {
        String property = "membrane.fragment.membrain.namespaces." + namespace;
        throw new StartupProblem(
            property + " names no tenant",
            "Set " + property + " to 1 to 128 letters, digits, '.', '_' and '-', e.g. default.");
      }
    });
  }
}
