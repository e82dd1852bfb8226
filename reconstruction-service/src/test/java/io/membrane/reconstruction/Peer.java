package io.membrane.reconstruction;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.membrane.fixture.FaultProxy;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Problem;
import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** A small HTTP server that speaks one service's wire, behind a proxy that can fail. */
final class Peer {

  /** A request as it arrived. */
  record Call(String path, String uri, String tenant, long deadlineMs, String body) {}

  /** Writes an answer's body. */
  interface Body {
    void writeTo(OutputStream out) throws IOException;

    /** What else goes with it. */
    default Map<String, String> headers() {
      return Map.of();
    }
  }

  private final HttpServer server;
  private final FaultProxy proxy;
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private final Map<String, String> instead = new ConcurrentHashMap<>();
  private final Map<String, String> cut = new ConcurrentHashMap<>();
  private volatile CountDownLatch stalled = new CountDownLatch(0);

  Peer() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
    proxy = new FaultProxy(server.getAddress().getPort());
  }

  URI url() {
    return proxy.url();
  }

  FaultProxy proxy() {
    return proxy;
  }

  /** Answers calls of {@code path} with JSON; the handler is given the call and its body. */
  <T> Peer on(String path, Class<T> type, BiFunction<Call, T, Object> handler) {
    return onStream(
        path,
        type,
        (call, body) -> {
          byte[] json = WireJson.mapper().writeValueAsBytes(handler.apply(call, body));
          return out -> out.write(json);
        });
  }

  /** Answers calls of {@code path} with what the handler writes. */
  <T> Peer onStream(String path, Class<T> type, BiFunction<Call, T, Body> handler) {
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            String body =
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            Call call = call(exchange, path, body);
            calls.add(call);
            answer(exchange, call, type, handler);
          }
        });
    return this;
  }

  /** From now on calls of {@code path} are answered with 200 and this. */
  void answerInstead(String path, String body) {
    instead.put(path, body);
  }

  /** From now on answers of {@code path} announce more bytes than come. */
  void cutMidBody(String path, String firstHalf) {
    cut.put(path, firstHalf);
  }

  /** From now on answers of {@code path} stop in the middle, and nothing comes any more. */
  void stallMidBody(String path, String firstHalf) {
    stalled = new CountDownLatch(1);
    cutMidBody(path, firstHalf);
  }

  /** All is well again and nothing was ever asked. */
  void reset() {
    stalled.countDown();
    proxy.heal();
    instead.clear();
    cut.clear();
    calls.clear();
  }

  List<Call> calls(String path) {
    return calls.stream().filter(c -> c.path().equals(path)).toList();
  }

  private <T> void answer(
      HttpExchange exchange, Call call, Class<T> type, BiFunction<Call, T, Body> handler)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    @Nullable String garbage = instead.get(call.path());
    @Nullable String half = cut.get(call.path());
    if (half != null) {
      exchange.sendResponseHeaders(200, half.length() + 1000L);
      exchange.getResponseBody().write(half.getBytes(StandardCharsets.UTF_8));
      exchange.getResponseBody().flush();
      awaitEndOfStall();
      return;
    }
    if (garbage != null) {
      byte[] bytes = garbage.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
      return;
    }
    try {
      @Nullable T body = type == Void.class ? null : WireJson.mapper().readValue(call.body(), type);
      Body answer = handler.apply(call, body);
      answer.headers().forEach(exchange.getResponseHeaders()::set);
      exchange.sendResponseHeaders(200, 0);
      answer.writeTo(exchange.getResponseBody());
    } catch (MembraneException e) {
      problem(exchange, e);
    }
  }

  private void awaitEndOfStall() {
    try {
      stalled.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void problem(HttpExchange exchange, MembraneException e) throws IOException {
    byte[] json = WireJson.mapper().writeValueAsBytes(Problem.of(e.code(), e.detail(), null));
    exchange.getResponseHeaders().set("Content-Type", Problem.MEDIA_TYPE);
    exchange.sendResponseHeaders(e.code().status(), json.length);
    exchange.getResponseBody().write(json);
  }

  private static Call call(HttpExchange exchange, String path, String body) {
    @Nullable String tenant = exchange.getRequestHeaders().getFirst(CallContext.TENANT_HEADER);
    @Nullable String left = exchange.getRequestHeaders().getFirst(CallContext.DEADLINE_HEADER);
    if (tenant == null || left == null) {
      throw new MembraneException(ErrorCode.MALFORMED_REQUEST, "no tenant or deadline on " + path);
    }
    return new Call(path, exchange.getRequestURI().getPath(), tenant, Long.parseLong(left), body);
  }
}
