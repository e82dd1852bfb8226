package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.rpc.Problem;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every bad request ends in a problem that says what to do, and asks nobody for work. */
class BadInputTest extends FleetTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "not json                                          | 400 | malformed_request | not JSON",
        "``                                                | 400 | malformed_request | body",
        "[]                                                | 400 | malformed_request | body",
        "null                                              | 400 | malformed_request | body",
        "{\"tokens\":[1,2                                  | 400 | malformed_request | body",
        "{\"tokens\":[1],\"tokens\":[2]}                   | 400 | malformed_request | tokens",
        "{\"tokens\":[1]} trailing                         | 400 | malformed_request | body",
        "{}                                                | 400 | malformed_request | exactly one",
        "{\"tokens\":[1],\"text\":\"a\"}                   | 400 | malformed_request | exactly one",
        "{\"tokens\":\"1 2 3\"}                            | 400 | malformed_request | tokens",
        "{\"tokens\":[\"1\"]}                              | 400 | malformed_request | tokens",
        "{\"tokens\":[1.5]}                                | 400 | malformed_request | tokens",
        "{\"tokens\":[null]}                               | 400 | malformed_request | tokens",
        "{\"tokens\":[-1]}                                 | 400 | malformed_request | token 0 is -1",
        "{\"tokens\":[4294967296]}                         | 400 | malformed_request | 4294967295",
        "{\"tokens\":[1],\"namespace\":\"tiny\"}           | 400 | malformed_request | namespace",
        "{\"tokens\":[1],\"namespace\":{\"block_tokens\":0}} | 400 | malformed_request | block_tokens",
        "{\"tokens\":[1],\"namespace\":{\"block_tokens\":-3}} | 400 | malformed_request | block_tokens",
        "{\"tokens\":[1],\"namespace\":{\"block_tokens\":99999}} | 400 | malformed_request | 65536",
        "{\"tokens\":[1],\"namespace\":{\"block_tokens\":\"16\"}} | 400 | malformed_request | block_tokens",
        "{\"tokens\":[1],\"namespace\":{\"model\":\"\"}}   | 400 | malformed_request | model",
        "{\"tokens\":[1],\"namespace\":{\"model\":7}}      | 400 | malformed_request | model",
        "{\"tokens\":[1],\"session_id\":5}                 | 400 | malformed_request | session_id",
        "{\"tokens\":[1],\"on_miss\":\"invent\"}           | 400 | malformed_request | on_miss",
        "{\"tokens\":[1],\"on_miss\":1}                    | 400 | malformed_request | on_miss",
        "{\"tokens\":[1],\"deliver\":\"pigeon\"}           | 400 | malformed_request | deliver",
        "{\"tokens\":[1],\"reuse\":\"EXACTLY\"}            | 400 | malformed_request | reuse",
        "{\"tokens\":[1],\"deadline_ms\":0}                | 400 | malformed_request | deadline_ms",
        "{\"tokens\":[1],\"deadline_ms\":-5}               | 400 | malformed_request | deadline_ms",
        "{\"tokens\":[1],\"deadline_ms\":\"soon\"}         | 400 | malformed_request | deadline_ms",
        "{\"tokens\":[1],\"next_token\":\"yes\"}           | 400 | malformed_request | next_token",
        "{\"tokens\":[]}                                   | 422 | impossible_request | empty",
        "{\"text\":\"\"}                                   | 422 | impossible_request | empty",
        "{\"tokens\":[1],\"reuse\":\"shifted\"}            | 403 | forbidden          | policy",
        "{\"tokens\":[1],\"reuse\":\"approximate\"}        | 403 | forbidden          | approximate",
        "{\"tokens\":[1],\"on_miss\":\"report\",\"next_token\":true} | 422 | impossible_request | next_token",
      })
  void aBadRequestIsRefused(String body, int status, String code, String says) {
    Problem problem = post(body).problem(status, code);

    assertThat(problem.detail()).contains(says);
    assertThat(problem.retriable()).isFalse();
    assertThat(FLEET.local.peer.calls("/v1/prefill")).isEmpty();
  }

  @Test
  void aPromptPastTheLimitIsTooLarge() {
    assertThat(post(context(tokens(1, 70_001)).json()).problem(413, "too_large").detail())
        .contains("70001")
        .contains("70000");
    assertThat(
            post(new Asked(Map.of("text", "x".repeat(70_001))).json())
                .problem(413, "too_large")
                .detail())
        .contains("70001");
  }

  @Test
  void namesAndTextsPastTheirLengthAreRefused() {
    String session = "\"session_id\":\"" + "s".repeat(257) + "\"";
    assertThat(post("{\"tokens\":[1]," + session + "}").problem(400, "malformed_request").detail())
        .contains("session_id");
    String model = "{\"model\":\"" + "m".repeat(257) + "\"}";
    assertThat(
            post("{\"tokens\":[1],\"namespace\":" + model + "}")
                .problem(400, "malformed_request")
                .detail())
        .contains("model");
    assertThat(
            post("{\"text\":\"" + "t".repeat(4 * 1024 * 1024 + 1) + "\"}")
                .problem(400, "malformed_request")
                .detail())
        .contains("text");
  }

  @Test
  void aBodyPastTheLimitIsTooLarge() {
    post("{\"text\":\"" + "t".repeat(17 * 1024 * 1024) + "\"}").problem(413, "too_large");
  }

  @Test
  void anotherMediaTypeOrMethodIsRefused() {
    assertThat(get("/v1/contexts").problem(405, "method_not_allowed").detail()).isNotBlank();
    assertThat(get("/v1/contexts/none").problem(404, "not_found").detail()).isNotBlank();
  }

  @ParameterizedTest
  @ValueSource(strings = {"no such", "%00", "../../x", "a:b", "*"})
  void anExplanationThatIsNotThereIsNotFound(String id) {
    String path = id.contains("%") ? id : URLEncoder.encode(id, StandardCharsets.UTF_8);
    Answer answer = get("/v1/contexts/" + path + "/explanation");

    assertThat(answer.status()).as(answer.body()).isBetween(400, 404);
    assertThat(answer.body()).contains("\"code\"");
  }

  @Test
  void aBadTenantOrDeadlineHeaderIsRefused() {
    String body = context(tokens(1, 20)).json();
    post(body, "Membrane-Tenant", "a b").problem(400, "malformed_request");
    post(body, "Membrane-Deadline-Ms", "soon").problem(400, "malformed_request");
    post(body, "Membrane-Deadline-Ms", "-1").problem(400, "malformed_request");
  }
}
