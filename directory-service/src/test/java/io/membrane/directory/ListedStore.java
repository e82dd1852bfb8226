package io.membrane.directory;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ListingLine;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** A fragment node that does nothing but tell what its store holds. */
final class ListedStore implements AutoCloseable {

  private final HttpServer server;
  private final Supplier<List<String>> lines;
  private final AtomicInteger asked = new AtomicInteger();

  /**
   * @param lines asked for at each listing
   */
  ListedStore(Supplier<List<String>> lines) {
    this.lines = lines;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(ListingLine.PATH, this::answer);
    server.start();
  }

  static String text(ListingLine line) {
    return WireJson.mapper().writeValueAsString(line);
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** Listings that were asked for so far. */
  int asked() {
    return asked.get();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      asked.incrementAndGet();
      exchange.getResponseHeaders().set("Content-Type", ListingLine.MEDIA_TYPE);
      exchange.sendResponseHeaders(200, 0);
      OutputStream body = exchange.getResponseBody();
      for (String line : lines.get()) {
        body.write((line + "\n").getBytes(UTF_8));
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
