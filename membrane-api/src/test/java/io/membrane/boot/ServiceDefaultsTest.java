package io.membrane.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.BlockHash;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Problem;
import io.membrane.rpc.WireJson;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Positive;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;

/** What every service does alike, on a small service of its own over real HTTP. */
@SpringBootTest(
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {
      "spring.config.import=classpath:membrane-defaults.properties",
      "spring.application.name=small-service",
      "membrane.http.max-json=1KB"
    })
class ServiceDefaultsTest {

  record Echo(
      @Positive int count,
      @Nullable Tokens tokens,
      @Nullable TokenSpan tokenSpan,
      @Nullable BlockHash blockHash,
      @Nullable ErrorCode errorCode,
      @Nullable String name,
      @Nullable Map<String, List<Double>> rows) {}

  @SpringBootApplication
  @RestController
  static class SmallService {

    @PostMapping(path = "/echo", consumes = MediaType.APPLICATION_JSON_VALUE)
    Echo echo(@RequestBody @Valid Echo body) {
      return body;
    }

    @GetMapping("/fail/{code}")
    String fail(@PathVariable ErrorCode code) {
      throw new MembraneException(code, "as asked");
    }

    @GetMapping("/bug")
    String bug() {
      throw new IllegalStateException("secret detail");
    }

    @GetMapping("/half")
    void half(@RequestParam String how, HttpServletResponse response) throws IOException {
      response.setContentLength(1000);
      response.getOutputStream().write(new byte[500]);
      response.flushBuffer();
      if (how.equals("ours")) {
        throw new MembraneException(ErrorCode.DEPENDENCY_UNAVAILABLE, "in the middle");
      }
      throw new IllegalStateException("in the middle");
    }

    @GetMapping("/context")
    String context(@RequestParam(defaultValue = "0") int ignored) {
      CallContext context = CallContext.currentOr(Duration.ZERO);
      return context.tenant() + " " + context.remaining().toMillis();
    }
  }

  @LocalServerPort int port;

  private final HttpClient http = HttpClient.newHttpClient();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"count":                         | malformed_request | not JSON
          {"count":"1"}                     | malformed_request | count
          {"count":1.5}                     | malformed_request | count
          {"count":0}                       | malformed_request | count
          {"count":null}                    | malformed_request | count
          {}                                | malformed_request | count
          {"count":1,"count":2}             | malformed_request | count
          {"count":1} x                     | malformed_request | body
          {"count":99999999999}             | malformed_request | count
          {"count":1,"tokens":[1,-1]}       | malformed_request | tokens
          {"count":1,"tokens":[1,{}]}       | malformed_request | tokens
          []                                | malformed_request | body
          """)
  void aBadBodyIsAProblemThatNamesTheField(String body, String code, String word) throws Exception {
    HttpResponse<String> answer = post(body, "application/json");
    Problem problem = problem(answer, 400);
    assertThat(problem.code()).isEqualTo(code);
    assertThat(problem.detail()).contains(word);
    assertThat(problem.retriable()).isFalse();
    assertThat(problem.traceId()).matches("[0-9a-f]{32}");
  }

  @Test
  void unknownFieldsAreIgnoredAndNamesAreSnakeCase() throws Exception {
    HttpResponse<String> answer = post("{\"count\":1,\"later\":true}", "application/json");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"count\":1}");
  }

  @Test
  void aLongBodyIsRefusedWithAndWithoutALength() throws Exception {
    String body = "{\"count\":1,\"pad\":\"" + "x".repeat(2000) + "\"}";
    assertThat(problem(post(body, "application/json"), 413).code()).isEqualTo("too_large");
    HttpRequest chunked =
        request("/echo")
            .header("Content-Type", "application/json")
            .POST(
                BodyPublishers.ofInputStream(
                    () -> new java.io.ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8))))
            .build();
    assertThat(problem(send(chunked), 413).code()).isEqualTo("too_large");
  }

  @ParameterizedTest
  @CsvSource({
    "application/json; charset=utf-8, 413",
    "APPLICATION/JSON, 413",
    "application/vnd.membrane+json, 413",
    "application/x-ndjson, 415",
    "application/octet-stream, 415",
  })
  void onlyBodiesOfOneJsonDocumentHaveThatLimit(String type, int status) throws Exception {
    problem(post("{\"count\":1,\"pad\":\"" + "x".repeat(2000) + "\"}", type), status);
  }

  @Test
  void anotherMediaTypeMethodOrPathIsAProblemToo() throws Exception {
    assertThat(problem(post("x", "text/plain"), 415).code()).isEqualTo("unsupported_media_type");
    assertThat(problem(send(request("/echo").DELETE().build()), 405).code())
        .isEqualTo("method_not_allowed");
    assertThat(problem(send(request("/nowhere").build()), 404).code()).isEqualTo("not_found");
    assertThat(problem(send(request("/context?ignored=x").build()), 400).detail())
        .contains("ignored");
  }

  @Test
  void aCodedBodyIsRefusedInsteadOfTakenForWhatItIsNot() throws Exception {
    HttpRequest coded =
        request("/echo")
            .header("Content-Type", "application/json")
            .header("Content-Encoding", "gzip")
            .POST(BodyPublishers.ofString("{}"))
            .build();
    assertThat(problem(send(coded), 415).detail()).contains("gzip");
    assertThat(send(coded).headers().firstValue("Accept-Encoding")).contains("identity");
  }

  @Test
  void aMissingBodyOrAValueOfAnotherKindIsToldInTheWordsOfTheWire() throws Exception {
    for (String body : List.of("", "null", "{\"count\":1,\"block_hash\":{}}", "{\"count\":[]}")) {
      assertThat(problem(post(body, "application/json"), 400).detail())
          .as(body)
          .doesNotContain("io.membrane")
          .doesNotContain("java.");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          []                                | write an object
          {"count":[]}                      | count: write a whole number
          {"count":1,"name":5}              | name: write a string
          {"count":1,"rows":5}              | rows: write an object
          {"count":1,"rows":{"a":{}}}       | rows.a: write an array
          {"count":1,"rows":{"a":[1,"x"]}}  | rows.a[1]: write a number
          {"count":1,"block_hash":5}        | block_hash: write a string
          {"count":1,"tokens":"x"}          | tokens: write an array
          {"count":1,"error_code":"broken"} | error_code: write one of malformed_request, unauth
          {"count":NaN}                     | not JSON: Non-standard token 'NaN'
          """)
  void aValueOfAnotherKindIsToldWhatToWriteInstead(String body, String said) throws Exception {
    assertThat(problem(post(body, "application/json"), 400).detail())
        .startsWith("the body: " + said)
        .doesNotContain("JsonReadFeature");
  }

  @Test
  void everyErrorCodeKeepsItsStatusAndSaysWhetherToRetry() throws Exception {
    for (ErrorCode code : ErrorCode.values()) {
      HttpResponse<String> answer = send(request("/fail/" + code).build());
      Problem problem = problem(answer, code.status());
      assertThat(problem.code()).isEqualTo(code.code());
      assertThat(problem.detail()).isEqualTo("as asked");
      assertThat(problem.retriable()).isEqualTo(code.retriable());
      assertThat(answer.headers().firstValue("Retry-After").isPresent())
          .isEqualTo(code.retriable());
    }
  }

  @Test
  void anUnexpectedErrorTellsNothingOfTheInside() throws Exception {
    HttpResponse<String> answer = send(request("/bug").build());
    assertThat(problem(answer, 500).code()).isEqualTo("internal");
    assertThat(answer.body()).doesNotContain("secret").doesNotContain("Exception");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ours", "a bug"})
  void anAnswerThatFailsHalfWayIsCutAndNothingMakesUpForTheMissingBytes(String how) {
    HttpRequest request =
        request("/half?how=" + how.replace(" ", "+")).timeout(Duration.ofSeconds(10)).build();
    assertThatThrownBy(() -> send(request))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(HttpTimeoutException.class);
  }

  @Test
  void tenantAndDeadlineReachTheEndpoint() throws Exception {
    HttpResponse<String> answer =
        send(
            request("/context")
                .header(CallContext.TENANT_HEADER, "acme")
                .header(CallContext.DEADLINE_HEADER, "5000")
                .build());
    assertThat(answer.body()).startsWith("acme ");
    assertThat(Long.parseLong(answer.body().substring(5))).isBetween(1L, 5000L);
  }

  @ParameterizedTest
  @CsvSource({
    "Membrane-Tenant, a b", "Membrane-Tenant, ../x", "Membrane-Deadline-Ms, soon",
    "Membrane-Deadline-Ms, 0", "Membrane-Deadline-Ms, -5", "Membrane-Deadline-Ms, 1e3"
  })
  void anUnusableContextHeaderIsNamed(String header, String value) throws Exception {
    Problem problem = problem(send(request("/context").header(header, value).build()), 400);
    assertThat(problem.detail()).contains(header);
  }

  @Test
  void whatTheServerItselfRefusesIsAProblemToo() throws Exception {
    assertThat(raw("GET /a|b HTTP/1.1\r\nHost: x\r\n\r\n"))
        .contains(" 400 ")
        .contains("application/problem+json")
        .contains("malformed_request");
    assertThat(raw("GET / HTTP/1.1\r\nHost: x\r\nX: " + "y".repeat(20_000) + "\r\n\r\n"))
        .contains("application/problem+json");
  }

  @Test
  void healthMetricsAndOpenApiAreServed() throws Exception {
    assertThat(send(request("/actuator/health/readiness").build()).body()).contains("UP");
    assertThat(send(request("/actuator/health/liveness").build()).body()).contains("UP");
    assertThat(send(request("/actuator/prometheus").build()).body()).contains("jvm_");
    assertThat(send(request("/v3/api-docs").build()).body()).contains("/echo");
  }

  @Test
  void theOpenApiDocumentNamesTheServiceAndSpeaksTheWordsOfTheWire() throws Exception {
    JsonNode api = WireJson.mapper().readTree(send(request("/v3/api-docs").build()).body());
    assertThat(api.at("/info/title").asString()).isEqualTo("Membrane small-service");
    assertThat(api.at("/info/version").asString()).isEqualTo("1");
    JsonNode echo = api.at("/components/schemas/Echo/properties");
    assertThat(echo.at("/block_hash/type").asString()).isEqualTo("string");
    assertThat(echo.at("/tokens/type").asString()).isEqualTo("array");
    assertThat(echo.at("/token_span/items/type").asString()).isEqualTo("integer");
    assertThat(echo.at("/error_code/enum").toString()).contains("\"too_large\"");
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
  }

  private HttpResponse<String> post(String body, String type) throws Exception {
    return send(
        request("/echo").header("Content-Type", type).POST(BodyPublishers.ofString(body)).build());
  }

  private HttpResponse<String> send(HttpRequest request) throws Exception {
    return http.send(request, BodyHandlers.ofString());
  }

  private static Problem problem(HttpResponse<String> answer, int status) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type"))
        .hasValueSatisfying(t -> assertThat(t).startsWith(Problem.MEDIA_TYPE));
    Problem problem = WireJson.mapper().readValue(answer.body(), Problem.class);
    assertThat(problem.status()).isEqualTo(status);
    assertThat(problem.detail()).isNotBlank();
    return problem;
  }

  private String raw(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = socket.getOutputStream();
      out.write(request.getBytes(StandardCharsets.US_ASCII));
      out.flush();
      socket.setSoTimeout(5000);
      InputStream in = socket.getInputStream();
      byte[] answer = in.readNBytes(400);
      return new String(answer, StandardCharsets.UTF_8);
    }
  }
}
