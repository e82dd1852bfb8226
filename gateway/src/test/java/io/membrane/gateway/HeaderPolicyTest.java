package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderPolicyTest extends GatewayTest {

  @ParameterizedTest
  @ValueSource(strings = {"mallory", "", "not a tenant!"})
  void aTenantFromOutsideIsNotBelieved(String claimed) {
    HttpResponse<String> answer = send(request("/v1/models").header("membrane-TENANT", claimed));

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(seen("compute-worker").headers()).containsEntry("membrane-tenant", "default");
  }

  @Test
  void theTenantIsSetWhereNoneIsClaimed() {
    get("/v1/models");

    assertThat(seen("compute-worker").headers()).containsEntry("membrane-tenant", "default");
  }

  @Test
  void aKeyOfDirectoriesDoesNotComeIn() {
    send(request("/v1/directory/feed").header("membrane-PEER", "the key of all directories"));

    assertThat(seen("directory-service").headers()).doesNotContainKey("membrane-peer");
  }

  @Test
  void credentialsAndWhatProxiesSaidDoNotComeIn() {
    send(
        request("/v1/models")
            .header("Authorization", "Bearer secret")
            .header("Cookie", "session=1")
            .header("Forwarded", "for=10.0.0.1")
            .header("X-Forwarded-For", "10.0.0.1")
            .header("X-Forwarded-Prefix", "/v1/keys"));

    assertThat(seen("compute-worker").headers())
        .doesNotContainKeys(
            "authorization", "cookie", "forwarded", "x-forwarded-for", "x-forwarded-prefix");
  }

  @Test
  void whatIsLeftOfTheDeadlineIsPassedOn() {
    send(request("/v1/models").header("Membrane-Deadline-Ms", "5000"));

    assertThat(Long.parseLong(seen("compute-worker").headers().get("membrane-deadline-ms")))
        .isBetween(1000L, 5000L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "soon", "99999999999999999999"})
  void aDeadlineThatIsNoneIsRefused(String deadline) {
    HttpResponse<String> answer =
        send(request("/v1/models").header("Membrane-Deadline-Ms", deadline));

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(problem(answer).detail()).contains("Membrane-Deadline-Ms");
    assertThat(backend("compute-worker").seen()).isEmpty();
  }

  @Test
  void theTraceGoesOn() {
    send(
        request("/v1/models")
            .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));

    assertThat(seen("compute-worker").headers().get("traceparent"))
        .startsWith("00-0af7651916cd43dd8448eb211c80319c-")
        .doesNotContain("b7ad6b7169203331");
  }

  @Test
  void metadataHeadersGoThroughUnchanged() {
    send(
        request("/v1/fragments/ab/attn.0-1.0of1")
            .header("Membrane-Namespace", "{\"model\":\"m\"}")
            .header("Membrane-Token-Span", "0-256")
            .header("Repr-Digest", "sha-256=:abc=:")
            .header("Range", "bytes=0-3")
            .header("If-None-Match", "\"x\"")
            .PUT(BodyPublishers.ofString("kv")));

    assertThat(seen("fragment-service").headers())
        .containsEntry("membrane-namespace", "{\"model\":\"m\"}")
        .containsEntry("membrane-token-span", "0-256")
        .containsEntry("repr-digest", "sha-256=:abc=:")
        .containsEntry("range", "bytes=0-3")
        .containsEntry("if-none-match", "\"x\"")
        .containsEntry("content-length", "2")
        .doesNotContainKey("x-forwarded-for");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "application/json;charset=utf-8",
        "Text/Plain; charset=latin1"
      })
  void theTypeOfABodyIsNotRewritten(String type) {
    send(
        request("/v1/directory/match")
            .header("Content-Type", type)
            .POST(BodyPublishers.ofString("{}")));

    assertThat(seen("directory-service").headers()).containsEntry("content-type", type);
  }

  @Test
  void aBodyThatClaimsToBeAFormIsNotParsed() {
    byte[] bytes = "a=b&c=%zz\0binary".getBytes(StandardCharsets.ISO_8859_1);
    for (String method : List.of("PUT", "POST", "PATCH")) {
      backend("fragment-service").reset();

      send(
          request("/v1/fragments/x?q=1")
              .header("Content-Type", "application/x-www-form-urlencoded")
              .method(method, BodyPublishers.ofByteArray(bytes)));

      assertThat(seen("fragment-service").body()).isEqualTo(bytes);
      assertThat(seen("fragment-service").uri()).isEqualTo("/v1/fragments/x?q=1");
    }
  }

  @Test
  void anAnswerComesBackWithItsHeadersAndWithoutThoseOfTheHop() {
    backend("fragment-service")
        .answers(exchange -> {
          try (exchange) {
            exchange.getResponseHeaders().add("ETag", "\"abc\"");
            exchange.getResponseHeaders().add("Repr-Digest", "sha-256=:abc=:");
            exchange.getResponseHeaders().add("Content-Type", "application/octet-stream");
            exchange.getResponseHeaders().add("Keep-Alive", "timeout=7");
            exchange.sendResponseHeaders(206, 2);
            exchange.getResponseBody().write(new byte[2]);
          }
        });

    HttpResponse<String> answer =
        send(request("/v1/fragments/x").header("If-None-Match", "\"abc\""));

    assertThat(answer.statusCode()).isEqualTo(206);
    assertThat(answer.headers().allValues("etag")).containsExactly("\"abc\"");
    assertThat(answer.headers().allValues("repr-digest")).containsExactly("sha-256=:abc=:");
    assertThat(answer.headers().allValues("content-type"))
        .containsExactly("application/octet-stream");
    assertThat(answer.headers().allValues("content-length")).containsExactly("2");
    assertThat(answer.headers().allValues("keep-alive")).doesNotContain("timeout=7");
    assertThat(answer.headers().allValues("date")).hasSize(1);
  }

  @Test
  void anErrorAnswerPassesUnchanged() {
    String problem = "{\"code\":\"quota_exceeded\",\"retriable\":true,\"detail\":\"wait\"}";
    backend("fragment-service")
        .answers(exchange -> {
          try (exchange) {
            exchange.getResponseHeaders().add("Content-Type", "application/problem+json");
            exchange.getResponseHeaders().add("Retry-After", "17");
            exchange.sendResponseHeaders(429, problem.length());
            exchange.getResponseBody().write(problem.getBytes(StandardCharsets.US_ASCII));
          }
        });

    HttpResponse<String> answer = get("/v1/fragments/x");

    assertThat(answer.statusCode()).isEqualTo(429);
    assertThat(answer.body()).isEqualTo(problem);
    assertThat(answer.headers().firstValue("content-type")).hasValue("application/problem+json");
    assertThat(answer.headers().firstValue("retry-after")).hasValue("17");
  }

  @ParameterizedTest
  @ValueSource(ints = {204, 301, 304, 404, 500, 503, 507})
  void aStatusWithoutABodyPassesUnchanged(int status) {
    backend("fragment-service")
        .answers(exchange -> {
          try (exchange) {
            exchange.getResponseHeaders().add("Location", "/elsewhere");
            exchange.sendResponseHeaders(status, -1);
          }
        });

    assertThat(get("/v1/fragments/x").statusCode()).isEqualTo(status);
  }

  private static Backend.Seen seen(String service) {
    assertThat(backend(service).seen()).hasSize(1);
    return backend(service).seen().getFirst();
  }
}
