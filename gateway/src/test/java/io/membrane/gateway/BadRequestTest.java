package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BadRequestTest extends GatewayTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "NONSENSE|400",
        "GET /v1/models HTTP/9.9|505",
        "GET /v1/mod<els HTTP/1.1|400",
        "GET /v1/models?a=%zz HTTP/1.1|400",
        "GET /v1/placement/%zz HTTP/1.1|400",
        "GET /v1/placement/a%2Fb HTTP/1.1|400",
        "GET /v1/placement/../nodes/%2e%2e/%2e%2e/%2e%2e HTTP/1.1|400",
        "GET /memory//ns/key HTTP/1.1|400",
        "GET /memory/ns/a%2fb HTTP/1.1|400",
        "GET /memory/ns/a%5cb HTTP/1.1|400",
        "GET /memory/ns/..;/..;/v1/keys HTTP/1.1|400",
        "GET /memory/ns/%2e%2e/%2e%2e/v1/keys HTTP/1.1|400",
        "GET /memory/ns/key;tenant=other HTTP/1.1|400",
        "GET /memory/ns/key%3btenant=other HTTP/1.1|400",
        "GET /memory/ns/a%0d%0ab HTTP/1.1|400",
        "GET /memory/ns/a%00b HTTP/1.1|400",
        "TRACE /v1/models HTTP/1.1|405",
        "CONNECT gateway:80 HTTP/1.1|501",
      })
  void aBadRequestLineIsRefusedByTheGateway(String line, int status) {
    String answer = raw(line + "\r\nHost: gateway\r\nConnection: close\r\n\r\n");

    assertThat(answer).startsWith("HTTP/1.1 " + status);
    assertThat(answer).contains("\"status\":" + status, "\"retriable\":false");
    assertThat(answer).doesNotContain("internal");
    assertThat(backend("compute-worker").seen()).isEmpty();
    assertThat(backend("directory-service").seen()).isEmpty();
    assertThat(backend("fragment-service").seen()).isEmpty();
  }

  @Test
  void aBodyThatIsNotInChunksAsItSaysIsToldSo() {
    String answer =
        raw(
            "POST /v1/prefill HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");

    assertThat(answer).startsWith("HTTP/1.1 400").contains("\"code\":\"malformed_request\"");
  }

  @Test
  void twoLengthsAreRefused() {
    String answer =
        raw(
            "POST /v1/prefill HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1\r\n"
                + "Content-Length: 2\r\nConnection: close\r\n\r\nab");

    assertThat(answer).startsWith("HTTP/1.1 400");
    assertThat(backend("compute-worker").seen()).isEmpty();
  }

  @Test
  void anOversizedHeaderIsRefused() {
    HttpResponse<String> answer =
        send(request("/v1/models").header("Membrane-Namespace", "x".repeat(20_000)));

    assertThat(answer.statusCode()).isBetween(400, 431);
    assertThat(answer.headers().firstValue("content-type").orElse(""))
        .startsWith("application/problem+json");
    assertThat(backend("compute-worker").seen()).isEmpty();
  }

  private String raw(String request) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
