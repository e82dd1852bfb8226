package io.membrane.worker.provider;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Problem;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.DirectoryClient.EventsAccepted;
import io.membrane.wire.DirectoryClient.ResolvedNamespace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * directory-service as far as a worker with a provider calls it: a real server that numbers events
 * as the contract says. The root of a namespace is salted with the tenant's name.
 */
public final class NumberedDirectory implements AutoCloseable {

  private static final class Node {
    long epoch = -1;
    long next;
    final Map<BlockHash, Event> held = new LinkedHashMap<>();
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private volatile @Nullable ErrorCode fault;
  private int batches;

  public NumberedDirectory() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/v1/namespaces/resolve", this::resolve);
    server.createContext("/v1/directory/events", this::events);
    server.start();
  }

  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** What a node holds. */
  public synchronized Collection<Event> held(String node) {
    Node known = nodes.get(node);
    return known == null ? List.of() : List.copyOf(known.held.values());
  }

  /** The same, as hashes. */
  public List<BlockHash> hashes(String node) {
    return held(node).stream().map(Event::blockHash).map(Objects::requireNonNull).toList();
  }

  /** Forgets how far a node had got, as a directory does that lost a part of its log. */
  public synchronized void lose(String node) {
    nodes.remove(node);
  }

  /** From now on batches of events end in this; null for none. */
  public void fail(@Nullable ErrorCode code) {
    fault = code;
  }

  public synchronized int batches() {
    return batches;
  }

  private void resolve(HttpExchange exchange) throws IOException {
    Namespace namespace =
        WireJson.mapper().readValue(exchange.getRequestBody().readAllBytes(), Namespace.class);
    String tenant = exchange.getRequestHeaders().getFirst(CallContext.TENANT_HEADER);
    answer(exchange, 200, new ResolvedNamespace(namespace, BlockHasher.root(namespace, tenant)));
  }

  private void events(HttpExchange exchange) throws IOException {
    EventBatch batch =
        WireJson.mapper().readValue(exchange.getRequestBody().readAllBytes(), EventBatch.class);
    ErrorCode code = fault;
    if (code != null) {
      answer(exchange, code.status(), Problem.of(code, "as the test wants it", null));
      return;
    }
    Object answer = accept(batch);
    answer(exchange, answer instanceof Problem problem ? problem.status() : 200, answer);
  }

  private synchronized Object accept(EventBatch batch) {
    Node node = nodes.computeIfAbsent(batch.node(), n -> new Node());
    if (batch.epoch() > node.epoch) {
      if (batch.sequence() != 0) {
        return gap();
      }
      node.epoch = batch.epoch();
      node.next = 0;
      node.held.clear();
    }
    if (batch.epoch() < node.epoch || batch.sequence() != node.next) {
      return gap();
    }
    batch.events().forEach(event -> apply(node, event));
    node.next += batch.events().size();
    batches++;
    return new EventsAccepted(node.next, batches + "-0");
  }

  private static Problem gap() {
    return Problem.of(ErrorCode.SEQUENCE_GAP, "another sequence is wanted", null);
  }

  private static void apply(Node node, Event event) {
    switch (event.type()) {
      case STORED -> node.held.put(Objects.requireNonNull(event.blockHash()), event);
      case REMOVED -> node.held.remove(Objects.requireNonNull(event.blockHash()));
      case CLEARED -> node.held.clear();
    }
  }

  private static void answer(HttpExchange exchange, int status, Object body) throws IOException {
    try (exchange) {
      byte[] bytes = WireJson.mapper().writeValueAsBytes(body);
      exchange
          .getResponseHeaders()
          .set("Content-Type", status == 200 ? "application/json" : Problem.MEDIA_TYPE);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
