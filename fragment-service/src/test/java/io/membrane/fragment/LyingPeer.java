package io.membrane.fragment;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.Frame;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;

/** A fragment service whose one fragment never has the bytes that it says. */
final class LyingPeer implements AutoCloseable {

  private final HttpServer server;
  private final byte[] frames;

  LyingPeer(FragmentKey key, ContentDigest digest, byte[] body) throws IOException {
    FragmentMeta meta =
        new FragmentMeta(Seeds.namespace(16), null, new TokenSpan(0, 16), null, null, false);
    frames = FragmentHttp.body(List.of(Frame.payload(200, key, meta, digest, body)));
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/fragments/batch-get", this::answer);
    server.start();
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      exchange.getResponseHeaders().set("Content-Type", Frame.MEDIA_TYPE);
      exchange.sendResponseHeaders(200, frames.length);
      exchange.getResponseBody().write(frames);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
