package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.rpc.Problem;
import io.membrane.system.Http.Answer;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every endpoint that takes a body, and everything that may be wrong with one, at the gateway. */
class BadInputTest {

  private static final List<String> ENDPOINTS =
      List.of(
          "/v1/contexts",
          "/v1/prefill",
          "/v1/tokenize",
          "/v1/routes",
          "/v1/directory/match",
          "/v1/directory/locate",
          "/v1/directory/events",
          "/v1/namespaces/resolve",
          "/v1/fragments/exists",
          "/v1/fragments/batch-get");

  private static final List<String> MALFORMED =
      List.of(
          "",
          "{",
          "[]",
          "\"x\"",
          "null",
          "{\"tokens\":[1,}",
          "{\"tokens\":\"1\",\"text\":1,\"keys\":1,\"block_hashes\":1,\"clusters\":1,\"model\":{},\"node\":[]}",
          "{\"tokens\":[-1],\"text\":[],\"keys\":[1],\"block_hashes\":[\"zz\"],\"clusters\":[1],\"model\":[],\"node\":{}}",
          "{\"tokens\":[1],\"tokens\":[2],\"keys\":[],\"keys\":[],\"model\":\"a\",\"model\":\"b\","
              + "\"clusters\":[],\"clusters\":[],\"block_hashes\":[],\"block_hashes\":[],"
              + "\"text\":\"a\",\"text\":\"b\",\"node\":\"a\",\"node\":\"b\"}",
          "[".repeat(5000));

  @RegisterExtension static final TestFleet FLEET = TestFleet.shared();

  private final Http http = FLEET.http();

  static Stream<Arguments> malformed() {
    return ENDPOINTS.stream()
        .flatMap(endpoint -> MALFORMED.stream().map(body -> Arguments.of(endpoint, body)));
  }

  @ParameterizedTest(name = "{0} [{index}]")
  @MethodSource("malformed")
  void aMalformedBodyIsAProblemThatSaysSo(String endpoint, String body) {
    Answer answer = http.postText(endpoint, body);
    Problem problem = answer.problem(400);
    assertThat(problem.code()).isEqualTo("malformed_request");
    assertThat(problem.retriable()).isFalse();
    assertThat(problem.traceId()).isNotBlank();
  }

  static Stream<String> endpoints() {
    return ENDPOINTS.stream();
  }

  @ParameterizedTest
  @MethodSource("endpoints")
  void aBodyPastTheLimitIsRefused(String endpoint) {
    Answer answer = http.postText(endpoint, "{\"pad\":\"" + "x".repeat(17 << 20) + "\"}");
    assertThat(answer.problem(413).code()).isEqualTo("too_large");
  }

  @ParameterizedTest
  @MethodSource("endpoints")
  void anotherMediaTypeOrMethodIsRefused(String endpoint) {
    Answer text =
        http.send(
            http.request(endpoint)
                .header("Content-Type", "text/plain")
                .POST(BodyPublishers.ofString("x")));
    assertThat(text.problem(415).code()).isEqualTo("unsupported_media_type");
    assertThat(http.send(http.request(endpoint).method("PATCH", BodyPublishers.noBody())).status())
        .isIn(404, 405);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /v1/contexts | {"tokens":[]}                                     | 422
          /v1/contexts | {"tokens":[1],"text":"x"}                         | 400
          /v1/contexts | {}                                                | 400
          /v1/contexts | {"tokens":[999999999]}                            | 422
          /v1/contexts | {"tokens":[1],"reuse":"shifted"}                  | 403
          /v1/contexts | {"tokens":[1],"reuse":"approximate"}              | 403
          /v1/contexts | {"tokens":[1],"reuse":"sometimes"}                | 400
          /v1/contexts | {"tokens":[1],"deadline_ms":-1}                   | 400
          /v1/contexts | {"tokens":[1],"namespace":{"model":"no-such"}}    | 422
          /v1/prefill  | {"tokens":[1],"text":"x"}                         | 400
          /v1/prefill  | {"tokens":[999999999]}                            | 422
          /v1/prefill  | {"tokens":[1],"model":"no-such"}                  | 404
          /v1/prefill  | {"tokens":[]}                                     | 422
          /v1/routes   | {"total_tokens":1,"clusters":[]}                  | 400
          /v1/routes   | {"total_tokens":0,"clusters":[{"cluster":"a","role":"pd","cached_tokens":0}]} | 400
          /v1/routes   | {"total_tokens":1,"clusters":[{"cluster":"a","role":"pd","cached_tokens":2}]} | 422
          /v1/routes   | {"total_tokens":1,"clusters":[{"cluster":"a","role":"gpu","cached_tokens":0}]} | 400
          /v1/simulations | {"requests":0}                                | 422
          /v1/simulations | {"strategies":["luck"]}                       | 400
          /v1/simulations | {"plan":{"clusters":[]}}                      | 422
          /v1/simulations | {"arrivals":{"replay":{"trace":"none"}}}      | 422
          /v1/directory/match | {}                                         | 400
          /v1/directory/match | {"tokens":[1],"block_hashes":[]}           | 400
          /v1/directory/match | {"tokens":[1],"namespace":{"model":"m"}}   | 422
          /v1/namespaces/resolve | {"model":"m"}                           | 422
          /v1/namespaces/resolve | {"model":"m","revision":"r","kv_dtype":"f32","block_tokens":0} | 400
          /v1/directory/events | {"node":"n","cluster":"c","epoch":1,"sequence":0,"events":[{"type":"stored"}]} | 422
          """)
  void aWellFormedRequestThatCannotBeServedSaysWhy(String endpoint, String body, int status) {
    Problem problem = http.postText(endpoint, body).problem(status);
    assertThat(problem.code())
        .isIn("malformed_request", "impossible_request", "not_found", "forbidden");
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/fragments/zz/attn.0-1.0of1",
    "/v1/fragments/0000/attn.0-1.0of1",
    "/v1/fragments/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/attn.0-1.0of1",
    "/v1/fragments/0000000000000000000000000000000000000000000000000000000000000000/attn.1-0.0of1"
  })
  void aNameOfAnotherFormIsRefused(String path) {
    assertThat(http.get(path).problem(400).code()).isEqualTo("malformed_request");
  }

  @Test
  void anUnknownPathIsAProblem() {
    assertThat(http.get("/v1/nothing/here").problem(404).code()).isEqualTo("not_found");
  }

  @Test
  void aPutWithoutItsHeadersIsToldWhichOnes() {
    String path = "/v1/fragments/" + "11".repeat(32) + "/attn.0-1.0of1";
    Answer answer = http.send(http.request(path).PUT(BodyPublishers.ofString("kv")));
    assertThat(answer.problem(400).detail()).contains("Membrane-Namespace");
    http.get(path).problem(404);
  }
}
