package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.rpc.CallContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The gateway as a process of its own whose heap is smaller than what goes through it. */
class SmallHeapTest {

  private static final int BODY = 128 * 1024 * 1024;

  /** Ten megabytes per second and transfer: far less than there is, more than a stall leaves. */
  private static final String DEADLINE_MS = "12800";

  private static final String HEAP = "-Xmx64m";
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @Test
  @Timeout(90)
  void bodiesLargerThanTheHeapGoThroughBothWaysInTime(@TempDir Path directory) throws Exception {
    try (Backend fragments = new Backend("fragment-service")) {
      fragments.answers(exchange -> {
        try (exchange) {
          byte[] piece = new byte[64 * 1024];
          InputStream in = exchange.getRequestBody();
          long received = 0;
          for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
            received += n;
          }
          boolean get = exchange.getRequestMethod().equals("GET");
          exchange.getResponseHeaders().add("Received", Long.toString(received));
          exchange.sendResponseHeaders(200, get ? BODY : -1);
          OutputStream out = exchange.getResponseBody();
          for (int sent = 0; get && sent < BODY; sent += piece.length) {
            out.write(piece);
          }
        }
      });
      int port = freePort();
      int management = freePort();
      Process gateway =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  HEAP,
                  "-XX:MaxDirectMemorySize=32m",
                  "-XX:+UseSerialGC",
                  "-XX:+ExitOnOutOfMemoryError",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  GatewayApplication.class.getName(),
                  "--server.address=127.0.0.1",
                  "--server.port=" + port,
                  "--management.server.port=" + management,
                  "--membrane.gateway.security.anonymous=true",
                  "--membrane.client.peers.fragment-service=" + fragments.url())
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("gateway.log").toFile())
              .start();
      try {
        URI readiness = URI.create("http://127.0.0.1:" + management + "/actuator/health/readiness");
        await().atMost(Duration.ofSeconds(60)).until(() -> isReady(readiness));

        URI uri = URI.create("http://127.0.0.1:" + port + "/v1/fragments/x");
        Callable<String> get = () -> "got " + download(uri);
        Callable<String> put = () -> "put " + upload(uri);
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
          List<Future<String>> all = callers.invokeAll(List.of(get, put, get, put));
          assertThat(all)
              .extracting(Future::get)
              .containsExactly("got " + BODY, "put " + BODY, "got " + BODY, "put " + BODY);
        }
        assertThat(gateway.isAlive()).isTrue();
      } finally {
        gateway.destroyForcibly().waitFor();
      }
    }
  }

  private static boolean isReady(URI readiness) throws InterruptedException {
    try {
      return HTTP.send(HttpRequest.newBuilder(readiness).build(), BodyHandlers.discarding())
              .statusCode()
          == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private static HttpRequest.Builder request(URI uri) {
    return HttpRequest.newBuilder(uri).header(CallContext.DEADLINE_HEADER, DEADLINE_MS);
  }

  private static long download(URI uri) throws Exception {
    HttpResponse<InputStream> answer =
        HTTP.send(request(uri).build(), BodyHandlers.ofInputStream());
    try (InputStream body = answer.body()) {
      return body.transferTo(OutputStream.nullOutputStream());
    }
  }

  private static long upload(URI uri) throws Exception {
    byte[] piece = new byte[64 * 1024];
    Iterable<byte[]> pieces =
        () -> Stream.generate(() -> piece).limit(BODY / piece.length).iterator();
    HttpResponse<Void> answer =
        HTTP.send(
            request(uri).PUT(BodyPublishers.ofByteArrays(pieces)).build(),
            BodyHandlers.discarding());
    return answer.headers().firstValueAsLong("received").orElse(-1);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
