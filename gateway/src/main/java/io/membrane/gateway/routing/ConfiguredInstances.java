package io.membrane.gateway.routing;

import io.membrane.boot.StartupProblem;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.ServiceInstances;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The instances that {@code membrane.client.peers} names. Immutable. */
public final class ConfiguredInstances implements ServiceInstances {

  private final Map<String, List<URI>> urls = new HashMap<>();

  /**
   * Those of every service.
   *
   * @throws StartupProblem if a service has none, or one is no URL
   */
  public ConfiguredInstances(ClientProperties properties) {
    for (Service service : Service.values()) {
      urls.put(service.serviceName(), urls(service, properties));
    }
  }

  @Override
  public List<URI> of(String service) {
    return Objects.requireNonNull(urls.get(service));
  }

  private static List<URI> urls(Service service, ClientProperties properties) {
    String property = "membrane.client.peers." + service.serviceName();
    List<URI> urls = properties.peers().getOrDefault(service.serviceName(), List.of());
    if (urls.isEmpty()) {
      throw problem("the gateway does not know where " + service.serviceName() + " is", property);
    }
    for (URI url : urls) {
      if (!isHttp(url)) {
        throw problem(
            property
                + "="
                + url
                + " is not a URL of the form http://host:port or https://host:port",
            property);
      }
    }
    return urls.stream().distinct().toList();
  }

  private static boolean isHttp(URI url) {
    return url.getHost() != null
        && List.of("http", "https").contains(String.valueOf(url.getScheme()));
  }

  private static StartupProblem problem(String what, String property) {
    return new StartupProblem(what, "set " + property + "=http://<host>:<port>");
  }
}
