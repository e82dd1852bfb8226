package io.membrane.directory;

import static io.membrane.directory.Service.EVENTS;
import static io.membrane.directory.Service.LOCATE;
import static io.membrane.directory.Service.MATCH;
import static io.membrane.directory.Service.RESOLVE;
import static io.membrane.directory.Service.batch;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BadInputTest {

  private static final String HASH = "ab".repeat(32);

  @RegisterExtension private static final Replicas REPLICAS = new Replicas(1);

  private static final Service SERVICE = REPLICAS.first();

  @ParameterizedTest
  @ValueSource(strings = {MATCH, LOCATE, EVENTS, RESOLVE})
  void aBodyThatIsNoObjectOfTheContractIsRefused(String path) {
    for (String body : List.of("", "{", "[]", "null", "\"text\"", "7", "{\"a\":1,\"a\":2}")) {
      SERVICE.problem(400, "malformed_request", path, body);
    }
  }

  static Stream<Arguments> malformed() {
    String one = "\"" + HASH + "\"";
    String chain = "\"block_hashes\": [" + one + "]";
    return Stream.of(
        Arguments.of(MATCH, "{}"),
        Arguments.of(MATCH, "{\"tokens\": [1], " + chain + "}"),
        Arguments.of(MATCH, "{\"tokens\": [-1]}"),
        Arguments.of(MATCH, "{\"tokens\": [4294967296]}"),
        Arguments.of(MATCH, "{\"tokens\": [\"1\"]}"),
        Arguments.of(MATCH, "{\"tokens\": [1.5]}"),
        Arguments.of(MATCH, "{\"tokens\": 1}"),
        Arguments.of(MATCH, "{\"block_hashes\": [null]}"),
        Arguments.of(MATCH, "{\"block_hashes\": [\"ABC\"]}"),
        Arguments.of(MATCH, "{\"block_hashes\": [\"" + HASH.toUpperCase(Locale.ROOT) + "\"]}"),
        Arguments.of(MATCH, "{\"block_hashes\": " + one + "}"),
        Arguments.of(MATCH, "{" + chain + ", \"needs\": [\"attn\"]}"),
        Arguments.of(MATCH, "{" + chain + ", \"needs\": [\"attn.1-0.0of1\"]}"),
        Arguments.of(MATCH, "{" + chain + ", \"needs\": [null]}"),
        Arguments.of(MATCH, "{" + chain + ", \"at_least\": \"soon\"}"),
        Arguments.of(MATCH, "{" + chain + ", \"at_least\": \"1-99999999999999999999\"}"),
        Arguments.of(MATCH, "{" + chain + ", \"at_least\": 5}"),
        Arguments.of(MATCH, "{\"tokens\": [1], \"namespace\": \"m\"}"),
        Arguments.of(
            MATCH, "{\"tokens\": [1], \"namespace\": {\"revision\": \"r\", \"block_tokens\": 0}}"),
        Arguments.of(
            MATCH, "{\"tokens\": [1], \"namespace\": {\"revision\": \"r\", \"block_tokens\": -4}}"),
        Arguments.of(MATCH, "{\"tokens\": [1], \"namespace\": {\"revision\": \" \"}}"),
        Arguments.of(
            MATCH, "{" + chain + ", \"needs\": [" + repeat("\"attn.0-1.0of1\"", 1025) + "]}"),
        Arguments.of(LOCATE, "{}"),
        Arguments.of(LOCATE, "{\"block_hashes\": null}"),
        Arguments.of(LOCATE, "{\"block_hashes\": [null]}"),
        Arguments.of(LOCATE, "{\"block_hashes\": [17]}"),
        Arguments.of(RESOLVE, "{\"revision\": \"" + "r".repeat(257) + "\"}"),
        Arguments.of(RESOLVE, "{\"revision\": \"r\", \"block_tokens\": 65537}"),
        Arguments.of(RESOLVE, "{\"revision\": \"r\", \"block_tokens\": \"4\"}"),
        Arguments.of(RESOLVE, "{\"revision\": 1}"),
        Arguments.of(EVENTS, "{}"),
        Arguments.of(EVENTS, batch(" ", "1", "0", "")),
        Arguments.of(EVENTS, batch("n".repeat(257), "1", "0", "")),
        Arguments.of(EVENTS, batch("n", "-1", "0", "")),
        Arguments.of(EVENTS, batch("n", "1", "-1", "")),
        Arguments.of(EVENTS, batch("n", "null", "0", "")),
        Arguments.of(EVENTS, batch("n", "1.5", "0", "")),
        Arguments.of(EVENTS, batch("n", "1", "0", "null")),
        Arguments.of(EVENTS, batch("n", "1", "0", "{}")),
        Arguments.of(EVENTS, batch("n", "1", "0", "{\"type\": \"moved\"}")),
        Arguments.of(EVENTS, batch("n", "1", "0", "{\"type\": 0}")),
        Arguments.of(
            EVENTS, batch("n", "1", "0", "{\"type\": \"removed\", \"block_hash\": \"x\"}")),
        Arguments.of(EVENTS, batch("n", "1", "0", stored("[4, 0]", "1"))),
        Arguments.of(EVENTS, batch("n", "1", "0", stored("[0]", "1"))),
        Arguments.of(EVENTS, batch("n", "1", "0", stored("[0, 4]", "-1"))),
        Arguments.of(EVENTS, batch("n", "1", "0", repeat("{\"type\": \"cleared\"}", 10_001))));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void aMalformedRequestIsRefused(String path, String body) {
    SERVICE.problem(400, "malformed_request", path, body);
  }

  static Stream<Arguments> impossible() {
    String twice = "\"" + HASH + "\", \"" + HASH + "\"";
    return Stream.of(
        Arguments.of(MATCH, "{\"block_hashes\": [" + twice + "]}", "block_hashes[1]"),
        Arguments.of(MATCH, "{\"tokens\": [1]}", "revision"),
        Arguments.of(MATCH, "{\"tokens\": [1], \"namespace\": {}}", "revision"),
        Arguments.of(RESOLVE, "{}", "membrane.directory.defaults.revision"),
        Arguments.of(EVENTS, batch("n", "1", "0", stored("[0, 5]", "1")), "events[0]: token_span"),
        Arguments.of(EVENTS, batch("n", "1", "0", stored("[2, 6]", "1")), "aligned"),
        Arguments.of(EVENTS, batch("n", "1", "0", "{\"type\": \"stored\"}"), "needs namespace"),
        Arguments.of(EVENTS, batch("n", "1", "0", "{\"type\": \"removed\"}"), "needs block_hash"),
        Arguments.of(
            EVENTS,
            batch("n", "1", "0", "{\"type\": \"cleared\", \"tier\": \"gpu\"}"),
            "write removed"));
  }

  @ParameterizedTest
  @MethodSource("impossible")
  void whatIsWellFormedButImpossibleIsRefusedAndNamed(String path, String body, String named) {
    assertThat(SERVICE.problem(422, "impossible_request", path, body)).contains(named);
  }

  @Test
  void moreBlocksThanTheLimitAreTooMany() {
    String tokens = repeat("1", 131_073);
    SERVICE.problem(
        413,
        "too_large",
        MATCH,
        "{\"namespace\": {\"revision\": \"r\", \"block_tokens\": 1}, \"tokens\": ["
            + tokens
            + "]}");
    SERVICE.problem(
        400,
        "malformed_request",
        LOCATE,
        "{\"block_hashes\": [" + repeat("\"" + HASH + "\"", 131_073) + "]}");
  }

  @Test
  void anUnknownTenantNameFormIsRefused() {
    assertThat(SERVICE.postAs("no spaces", RESOLVE, "{}").statusCode()).isEqualTo(400);
  }

  private static String stored(String span, String bytes) {
    return """
    {"type": "stored", "block_hash": "%s", "slice": "attn.0-1.0of1", "tier": "gpu",
     "namespace": {"model": "m", "revision": "r", "kv_dtype": "f32", "block_tokens": 4},
     "token_span": %s, "bytes": %s}\
    """
        .formatted(HASH, span, bytes);
  }

  private static String repeat(String item, int times) {
    return String.join(",", Collections.nCopies(times, item));
  }
}
