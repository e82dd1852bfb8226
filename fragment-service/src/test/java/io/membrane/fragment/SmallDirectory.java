package io.membrane.fragment;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.membrane.rpc.WireJson;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.NodeState;
import io.membrane.wire.MembershipClient.Nodes;
import io.membrane.wire.MembershipClient.Registration;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** What fragment nodes need of a directory, over real HTTP: leases, and who lives. */
final class SmallDirectory implements AutoCloseable {

  private record Lease(Node node, long endNanos) {}

  private final Map<String, Lease> leases = new ConcurrentHashMap<>();
  private final HttpServer server;

  SmallDirectory() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/v1/nodes", this::answer);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  List<Node> live() {
    leases.values().removeIf(lease -> lease.endNanos() - System.nanoTime() <= 0);
    return leases.values().stream()
        .map(Lease::node)
        .sorted(Comparator.comparing(Node::id))
        .toList();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      String id = path.substring(path.lastIndexOf('/') + 1);
      switch (exchange.getRequestMethod()) {
        case "PUT" -> send(exchange, renew(id, exchange.getRequestBody().readAllBytes()));
        case "DELETE" -> {
          leases.remove(id);
          exchange.sendResponseHeaders(204, -1);
        }
        default -> send(exchange, new Nodes(live()));
      }
    }
  }

  private Node renew(String id, byte[] json) {
    Registration said = WireJson.mapper().readValue(json, Registration.class);
    Node node = said.node(id, said.leaseMs(), NodeState.LIVE);
    leases.put(
        id, new Lease(node, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(said.leaseMs())));
    return node;
  }

  private static void send(HttpExchange exchange, Object answer) throws IOException {
    byte[] json = WireJson.mapper().writeValueAsBytes(answer);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, json.length);
    exchange.getResponseBody().write(json);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
