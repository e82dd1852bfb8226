package io.membrane.scheduler;

import static io.membrane.scheduler.Service.TRACES;
import static io.membrane.scheduler.Service.json;
import static io.membrane.scheduler.Service.problem;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.RedisProcess;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class TraceEndpointTest {

  private static final String LINE =
      "{\"timestamp\":0,\"input_length\":1024,\"output_length\":1,\"hash_ids\":[0,1]}\n";

  private static final RedisProcess REDIS = RedisProcess.embedded();
  private static final Service SERVICE = new Service(REDIS.port());

  @AfterAll
  static void end() {
    SERVICE.close();
    REDIS.close();
  }

  @Test
  void theConversationTraceHasTheFiguresThatItsPublishersState() throws Exception {
    HttpResponse<String> created = SERVICE.upload(conversationTrace());

    assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
    JsonNode summary = json(created);
    assertThat(summary.get("requests").asInt()).isEqualTo(12_031);
    assertThat(summary.get("block_references").asInt()).isEqualTo(288_500);
    assertThat(summary.get("distinct_blocks").asInt()).isEqualTo(182_790);
    assertThat(summary.get("unbounded_hit_ratio").asDouble()).isCloseTo(0.3664, within(5e-5));
    assertThat(summary.get("duration_s").asDouble()).isEqualTo(3536.999);
    assertThat(summary.get("notes").isEmpty()).isTrue();
    assertThat(summary.get("mean_input_tokens").asDouble()).isCloseTo(12_035, within(1.0));
    assertThat(summary.get("mean_output_tokens").asDouble()).isCloseTo(343, within(1.0));

    String path = created.headers().firstValue("Location").orElseThrow();
    assertThat(path).isEqualTo(TRACES + "/" + summary.get("trace_id").asString());
    assertThat(json(SERVICE.get(path))).isEqualTo(summary);
    assertThat(SERVICE.getAs("another", path).statusCode()).isEqualTo(404);

    assertThat(SERVICE.delete(path).statusCode()).isEqualTo(204);
    assertThat(SERVICE.delete(path).statusCode()).isEqualTo(204);
    assertThat(problem(404, "not_found", SERVICE.get(path))).contains("POST /v1/traces");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``               | 422 | impossible_request | an empty trace",
        "oops             | 400 | malformed_request  | line 2 is not JSON",
        "[]               | 400 | malformed_request  | line 2: is not a JSON object",
        "{\"timestamp\":0}| 400 | malformed_request  | line 2: has no input_length",
      })
  void aBadTraceIsRefusedWithTheLine(String line, int status, String code, String said) {
    String body = line.isEmpty() ? "" : LINE + line + "\n" + LINE;

    assertThat(problem(status, code, SERVICE.upload(body))).contains(said);
  }

  @Test
  void linesThatAreNotInOrderAreSortedAndTheAnswerSaysSo() {
    String later = LINE.replace("\"timestamp\":0", "\"timestamp\":7000");
    JsonNode summary = json(SERVICE.upload(later + LINE));

    assertThat(summary.get("duration_s").asDouble()).isEqualTo(7);
    assertThat(summary.get("notes").get(0).asString()).contains("not in order");
    assertThat(json(SERVICE.get(TRACES + "/" + summary.get("trace_id").asString())))
        .isEqualTo(summary);
  }

  @Test
  void whatIsNotNdjsonIsRefused() {
    for (String type : new String[] {"application/json", "text/plain", "x/y"}) {
      problem(
          415, "unsupported_media_type", SERVICE.post(TRACES, type, BodyPublishers.ofString(LINE)));
    }
  }

  @Test
  void aTraceLargerThanAnyJsonBodyIsTakenAndOneThatIsTooLargeIsNot() {
    String padded = "{\"pad\":\"%s\",".formatted("x".repeat(500_000)) + LINE.substring(1);
    assertThat(SERVICE.upload(padded.repeat(40)).statusCode()).isEqualTo(201);

    String said = problem(413, "too_large", SERVICE.upload(padded.repeat(140)));
    assertThat(said).contains("67108864 bytes");
  }

  @Test
  void anUploadThatBreaksOffLeavesNothingAndHindersNobody() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), SERVICE.uri("/").getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          """
          POST /v1/traces HTTP/1.1\r
          Host: scheduler\r
          Content-Type: application/x-ndjson\r
          Content-Length: 100000\r
          \r
          """
              .getBytes(US_ASCII));
      out.write(LINE.getBytes(US_ASCII));
      out.flush();
    }
    Awaitility.await().until(() -> SERVICE.upload(LINE).statusCode() == 201);
  }

  @Test
  void theContractNamesTheCalls() {
    JsonNode paths = json(SERVICE.get("/v3/api-docs")).get("paths");
    assertThat(paths.at("/~1v1~1traces/post/responses").propertyNames()).containsExactly("201");
    assertThat(paths.at("/~1v1~1simulations/post/responses").propertyNames())
        .containsExactly("202");
    assertThat(paths.has("/v1/traces/{id}")).isTrue();
    assertThat(paths.has("/v1/simulations/{id}/events")).isTrue();
  }

  static String conversationTrace() throws Exception {
    try (InputStream in =
        new GZIPInputStream(
            Objects.requireNonNull(
                TraceEndpointTest.class.getResourceAsStream(
                    "/traces/conversation_trace.jsonl.gz")))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
