package io.membrane.gateway;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.membrane.fixture.FaultProxy;
import io.membrane.rpc.WireJson;
import io.membrane.wire.MembershipClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/** A real HTTP server in a service's place, behind a proxy that can fail. */
final class Backend implements AutoCloseable {

  /**
   * A request as it arrived.
   *
   * @param headers by lower-case name
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
  record Seen(String method, String uri, Map<String, String> headers, byte[] body) {}

  /** What the gateway itself asks. */
  private static final String NODES = "/v1/nodes?role=fragment&cluster=";

  private final String name;
  private final HttpServer server;
  private final FaultProxy proxy;
  private final List<Seen> seen = new CopyOnWriteArrayList<>();
  private boolean failing;
  private volatile boolean ready = true;
  private volatile MembershipClient.Nodes nodes = new MembershipClient.Nodes(List.of());
  private volatile HttpHandler handler = this::nameAndUri;

  Backend(String name) {
    this.name = name;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::handle);
    server.createContext("/readyz", this::readiness);
    server.start();
    proxy = new FaultProxy(server.getAddress().getPort());
  }

  String name() {
    return name;
  }

  URI url() {
    return proxy.url();
  }

  /** From now on {@code fault} happens. */
  void fails(FaultProxy.Fault fault) {
    failing = true;
    proxy.inject(fault);
  }

  /** From now on it works again; connections that saw the fault are cut. */
  void recovers() {
    failing = false;
    proxy.heal();
  }

  /** How many connections to it are open. */
  int connections() {
    return proxy.connections();
  }

  List<Seen> seen() {
    return seen;
  }

  /** Works again, has seen nothing, and answers with its name and what was asked, as text. */
  void reset() {
    if (failing) {
      recovers();
    }
    seen.clear();
    handler = this::nameAndUri;
    ready = true;
  }

  /** From now on {@code handler} answers. */
  void answers(HttpHandler handler) {
    this.handler = handler;
  }

  /** From now on it says so, when it is asked. */
  void isReady(boolean now) {
    ready = now;
  }

  /** From now on these are the fragment nodes that it tells of, if it is a directory. */
  void knows(MembershipClient.Node... live) {
    nodes = new MembershipClient.Nodes(List.of(live));
  }

  private void handle(HttpExchange exchange) throws IOException {
    if (exchange.getRequestURI().toString().startsWith(NODES)) {
      byte[] body = WireJson.mapper().writeValueAsBytes(nodes);
      try (exchange) {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
      }
    } else {
      handler.handle(exchange);
    }
  }

  private void readiness(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.sendResponseHeaders(ready ? 200 : 503, -1);
    }
  }

  private void nameAndUri(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    Map<String, String> headers =
        exchange.getRequestHeaders().entrySet().stream()
            .collect(
                Collectors.toMap(
                    e -> e.getKey().toLowerCase(Locale.ROOT), e -> String.join(",", e.getValue())));
    String uri = exchange.getRequestURI().toString();
    seen.add(new Seen(exchange.getRequestMethod(), uri, headers, body));
    byte[] answer = (name + " " + uri).getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      boolean head = exchange.getRequestMethod().equals("HEAD");
      exchange.sendResponseHeaders(200, head ? -1 : answer.length);
      if (!head) {
        exchange.getResponseBody().write(answer);
      }
    }
  }

  @Override
  public void close() {
    proxy.close();
    server.stop(0);
  }
}
