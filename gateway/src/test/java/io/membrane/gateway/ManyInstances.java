package io.membrane.gateway;

import io.membrane.fixture.LoopbackPorts;
import io.membrane.fixture.ServiceUnderTest;
import io.membrane.wire.MembershipClient;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.NodeState;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A gateway before two workers, one of each other service, and three fragment nodes, of which the
 * directory tells and which are not configured.
 */
final class ManyInstances implements AutoCloseable {

  /** Where nobody listens. */
  static final URI NOBODY = URI.create("http://127.0.0.1:" + LoopbackPorts.free());

  private static final long CAPACITY = 1 << 20;

  private final Backend other = new Backend("other");
  private final Backend directory = new Backend("directory");
  private final List<Backend> workers = List.of(new Backend("w0"), new Backend("w1"));
  private final List<Backend> nodes =
      List.of(new Backend("n0"), new Backend("n1"), new Backend("n2"));
  private final ServiceUnderTest gateway;

  /**
   * @param workers their URLs; those of {@link #worker} if there are none
   */
  ManyInstances(URI... workers) {
    directory.knows(known());
    gateway =
        new ServiceUnderTest(
            GatewayApplication.class,
            "management.server.port=0",
            "spring.main.banner-mode=off",
            "membrane.gateway.security.anonymous=true",
            "membrane.gateway.refresh=100ms",
            "membrane.client.peers.directory-service=" + NOBODY + "," + directory.url(),
            "membrane.client.peers.fragment-service=" + other.url(),
            "membrane.client.peers.reconstruction-service=" + other.url(),
            "membrane.client.peers.scheduler-service=" + other.url(),
            "membrane.client.peers.compute-worker=" + urls(workers));
  }

  private String urls(URI... given) {
    Stream<URI> urls = given.length > 0 ? Arrays.stream(given) : workers.stream().map(Backend::url);
    return urls.map(URI::toString).collect(Collectors.joining(","));
  }

  /** The nodes as the directory tells them, of different sizes. */
  Node[] known() {
    Node[] known = new Node[nodes.size()];
    for (int i = 0; i < known.length; i++) {
      known[i] = node(i, nodes.get(i).url(), NodeState.LIVE);
    }
    return known;
  }

  static Node node(int i, URI url, NodeState state) {
    return new Node(
        "n" + i,
        MembershipClient.FRAGMENT,
        "local",
        url.toString(),
        (i + 1) * CAPACITY,
        null,
        1000,
        state);
  }

  ServiceUnderTest gateway() {
    return gateway;
  }

  /** What is configured as the other services, and as a fragment node that is asked last. */
  Backend other() {
    return other;
  }

  Backend directory() {
    return directory;
  }

  Backend worker(int i) {
    return workers.get(i);
  }

  Backend node(int i) {
    return nodes.get(i);
  }

  /** The node with that id. */
  Backend node(String id) {
    return nodes.get(Integer.parseInt(id.substring(1)));
  }

  @Override
  public void close() {
    gateway.close();
    Stream.of(workers, nodes, List.of(other, directory))
        .flatMap(List::stream)
        .forEach(Backend::close);
  }
}
