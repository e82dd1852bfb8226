package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Exchanger;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class StreamingTest extends GatewayTest {

  private static final int PIECE = 100_000;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAnswerArrivesWhileItsEndIsStillToCome(boolean lengthKnown) throws Exception {
    CountDownLatch firstByteSeen = new CountDownLatch(1);
    backend("fragment-service")
        .answers(exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, lengthKnown ? 2 : 0);
            OutputStream out = exchange.getResponseBody();
            out.write('a');
            out.flush();
            await(firstByteSeen);
            out.write('z');
          }
        });

    HttpResponse<InputStream> answer =
        HTTP.send(request("/v1/fragments/x").build(), BodyHandlers.ofInputStream());
    try (InputStream body = answer.body()) {
      assertThat(body.read()).isEqualTo('a');
      firstByteSeen.countDown();
      assertThat(body.read()).isEqualTo('z');
      assertThat(body.read()).isEqualTo(-1);
    }
  }

  @Test
  void aBodyReachesTheServiceWhileItsEndIsStillToCome() throws Exception {
    Exchanger<Integer> firstByte = new Exchanger<>();
    backend("fragment-service")
        .answers(exchange -> {
          try (exchange) {
            InputStream in = exchange.getRequestBody();
            swap(firstByte, in.read());
            int rest = in.readAllBytes().length;
            exchange.sendResponseHeaders(rest == 1 ? 201 : 500, -1);
          }
        });

    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ascii("PUT /v1/fragments/x HTTP/1.1\r\nHost: gateway\r\nContent-Length: 2\r\n\r\na"));
      assertThat(swap(firstByte, 0)).isEqualTo('a');
      out.write('z');
      assertThat(firstLine(socket)).startsWith("HTTP/1.1 201");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void everyByteOfALargeBodyComesThrough(boolean lengthKnown) throws Exception {
    Random random = new Random(7);
    byte[] bytes = Seeds.bytes(random, 3 * 1024 * 1024 + 17);
    backend("fragment-service")
        .answers(exchange -> {
          try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, lengthKnown ? body.length : 0);
            exchange.getResponseBody().write(body);
          }
        });
    var publisher =
        lengthKnown
            ? BodyPublishers.ofByteArray(bytes)
            : BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(bytes));

    HttpResponse<byte[]> answer =
        HTTP.send(request("/v1/fragments/x").PUT(publisher).build(), BodyHandlers.ofByteArray());

    assertThat(crc(answer.body())).isEqualTo(crc(bytes));
    assertThat(Arrays.equals(answer.body(), bytes)).isTrue();
  }

  @Test
  void aRefusalThatComesBeforeTheBodyIsThroughReachesTheCaller() throws Exception {
    backend("fragment-service")
        .answers(exchange -> {
          byte[] problem = ascii("{\"code\":\"too_large\"}");
          exchange.getResponseHeaders().add("Connection", "close");
          exchange.sendResponseHeaders(413, problem.length);
          exchange.getResponseBody().write(problem);
          exchange.getResponseBody().flush();
          exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
        });

    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ascii(
              "PUT /v1/fragments/x HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1000000000\r\n\r\n"));
      Thread.ofVirtual().start(() -> pour(out));

      assertThat(firstLine(socket)).startsWith("HTTP/1.1 413");
    }
  }

  @Test
  void aCallerThatLeavesEndsTheServicesWork() throws Exception {
    CountDownLatch cut = new CountDownLatch(1);
    backend("fragment-service")
        .answers(exchange -> {
          try {
            exchange.sendResponseHeaders(200, 0);
            while (true) {
              exchange.getResponseBody().write(new byte[PIECE]);
            }
          } catch (IOException e) {
            cut.countDown();
          }
        });

    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket
          .getOutputStream()
          .write(ascii("GET /v1/fragments/x HTTP/1.1\r\nHost: gateway\r\n\r\n"));
      assertThat(firstLine(socket)).startsWith("HTTP/1.1 200");
    }

    assertThat(cut.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aBodyThatItsSenderBreaksOffDoesNotReachTheServiceAsAWholeOne() throws Exception {
    CountDownLatch broken = new CountDownLatch(1);
    AtomicBoolean whole = new AtomicBoolean();
    backend("fragment-service")
        .answers(exchange -> {
          try (exchange) {
            exchange.getRequestBody().readAllBytes();
          } catch (IOException e) {
            broken.countDown();
          }
        });

    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket
          .getOutputStream()
          .write(
              ascii(
                  """
                  PUT /v1/fragments/x HTTP/1.1\r
                  Host: gateway\r
                  Transfer-Encoding: chunked\r
                  \r
                  5\r
                  hello\r
                  """));
    }

    assertThat(broken.await(10, TimeUnit.SECONDS)).as("broken off").isTrue();
    assertThat(whole).isFalse();
    assertThat(get("/v1/models").statusCode()).isEqualTo(200);
  }

  @Test
  void aJsonBodyPastTheLimitIsRefused() {
    HttpRequest.Builder request =
        request("/v1/contexts")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(new byte[17 * 1024 * 1024]));

    HttpResponse<String> answer = send(request);

    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(problem(answer).code()).isEqualTo("too_large");
    assertThat(backend("reconstruction-service").seen()).isEmpty();
  }

  @Test
  void aStreamOfLinesPastThatLimitGoesThrough() {
    HttpRequest.Builder request =
        request("/v1/traces")
            .header("Content-Type", "application/x-ndjson")
            .POST(BodyPublishers.ofByteArray(new byte[17 * 1024 * 1024]));

    assertThat(send(request).statusCode()).isEqualTo(200);
    assertThat(backend("scheduler-service").seen().getFirst().body()).hasSize(17 * 1024 * 1024);
  }

  private static void pour(OutputStream out) {
    byte[] piece = new byte[PIECE];
    try {
      while (true) {
        out.write(piece);
      }
    } catch (IOException e) {
      assertThat(e).isNotNull();
    }
  }

  private static String firstLine(Socket socket) throws IOException {
    return String.valueOf(
        new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1))
            .readLine());
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(10, TimeUnit.SECONDS)) {
        throw new IOException("the first byte has not arrived");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static int swap(Exchanger<Integer> exchanger, int value) throws IOException {
    try {
      return exchanger.exchange(value, 10, TimeUnit.SECONDS);
    } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
      throw new IOException(e);
    }
  }

  private static long crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
