package io.membrane.directory.kubernetes;

import io.membrane.directory.kubernetes.ServiceList.Port;
import io.membrane.directory.kubernetes.ServiceList.Service;
import io.membrane.directory.region.PeerDiscovery;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Names the other regions whose directories have a Service with the label {@value #REGION}. They
 * answer where the annotation {@value #URL} says, or else at the Service's name and its port {@code
 * http}, over TLS {@code https}, or its only one.
 */
public final class ServicePeers implements PeerDiscovery {

  private static final Logger log = LoggerFactory.getLogger(ServicePeers.class);
  private static final String REGION = "membrane.io/region";
  private static final String URL = "membrane.io/url";
  private static final String LABELS = "app.kubernetes.io/component=directory-service," + REGION;

  private final ClusterApi cluster;
  private final List<String> namespaces;

  /** Of the URLs, and of the ports. */
  private final String scheme;

  /** What was said of Services that lead nowhere, to say it once. */
  private final Set<String> problems = new HashSet<>();

  /**
   * Looks at nothing until it is started.
   *
   * @param properties with peers enabled
   * @param overTls whether peers are called so
   * @throws io.membrane.boot.StartupProblem if there is no way to the cluster
   */
  public ServicePeers(KubernetesProperties properties, boolean overTls) {
    this.cluster = new ClusterApi(properties);
    this.namespaces = properties.peerNamespaces();
    this.scheme = overTls ? "https" : "http";
  }

  @Override
  public String name() {
    return "kubernetes";
  }

  @Override
  public void start() {}

  @Override
  public Map<String, List<URI>> peers() throws IOException {
    Map<String, List<URI>> peers = new TreeMap<>();
    Set<String> said = new HashSet<>();
    for (String namespace : namespaces) {
      for (Service service : cluster.services(namespace, LABELS)) {
        String region = service.label(REGION);
        if (region != null && !service.isLeaving()) {
          try {
            URI url = url(service, namespace);
            peers.computeIfAbsent(region, r -> new ArrayList<>()).add(url);
          } catch (IllegalArgumentException e) {
            said.add("Service " + namespace + "/" + service.name() + ": " + e.getMessage());
          }
        }
      }
    }
    report(said);
    return peers;
  }

  @Override
  public void stop() {}

  private void report(Set<String> said) {
    problems.retainAll(said);
    for (String problem : said) {
      if (problems.add(problem)) {
        log.warn("a directory is left out; {}", problem);
      }
    }
  }

  private URI url(Service service, String namespace) {
    String text = service.annotation(URL);
    if (text == null) {
      return URI.create(
          "%s://%s.%s.svc:%d".formatted(scheme, service.name(), namespace, port(service.ports())));
    }
    URI url = URI.create(text.strip());
    boolean isHttp = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
    if (!isHttp || url.getHost() == null || url.getQuery() != null) {
      throw new IllegalArgumentException(
          URL + " is a URL like http://directory.eu-west.example:8081, not '" + text + "'");
    }
    return url;
  }

  private int port(List<Port> ports) {
    for (Port port : ports) {
      if (port.port() != null && (scheme.equals(port.name()) || ports.size() == 1)) {
        return port.port();
      }
    }
    throw new IllegalArgumentException(
        "it has no port named %s and several or none; name one, or write the annotation %s"
            .formatted(scheme, URL));
  }
}
