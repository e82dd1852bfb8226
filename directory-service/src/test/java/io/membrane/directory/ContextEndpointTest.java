package io.membrane.directory;

import static io.membrane.directory.Prompts.NAMESPACE;
import static io.membrane.directory.Prompts.chain;
import static io.membrane.directory.Prompts.json;
import static io.membrane.directory.Prompts.notes;
import static io.membrane.directory.Prompts.put;
import static io.membrane.directory.Prompts.stored;
import static io.membrane.directory.Prompts.tell;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.Tokens;
import io.membrane.directory.ContextEndpoint.ContextRequest;
import io.membrane.directory.location.Entries;
import io.membrane.fixture.Seeds;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.NamespaceRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Contexts of sessions, told to one replica and asked of another. */
class ContextEndpointTest {

  private static final String A = "a";
  private static final String CONTEXTS = "/v1/directory/contexts/";

  @RegisterExtension private static final Replicas REPLICAS = new Replicas(2);

  private static final Service TOLD = REPLICAS.first();
  private static final Service ASKED = REPLICAS.last();

  /** Goes on from test to test, so that each has blocks and a node of its own. */
  private static final Random RANDOM = new Random(13);

  private final String node = "n" + RANDOM.nextLong();
  private final String session = "s" + RANDOM.nextLong();

  @Test
  void aMatchWithASessionNotesItsContextAtEveryReplica() {
    Tokens tokens = Seeds.tokens(RANDOM, 18, 1000);
    List<BlockHash> chain = chain(tokens);
    tell(TOLD, A, node, 1, 0, stored(chain.subList(0, 3)));
    MatchRequest match =
        new MatchRequest(NamespaceRequest.of(NAMESPACE), tokens, null, null, null, session, null);
    Service.ok(TOLD.postAs(A, Service.MATCH, json(match)));

    JsonNode context = known(A, session);
    assertThat(context.get("session_id").asString()).isEqualTo(session);
    assertThat(context.get("block_tokens").asInt()).isEqualTo(4);
    assertThat(hashes(context)).isEqualTo(chain.subList(0, 3));
    assertThat(context.get("blocks").get(1).get("token_span").toString()).isEqualTo("[4,8]");
    assertThat(context.get("blocks").get(1).get("places").get(0).get("node").asString())
        .isEqualTo(node);
  }

  @Test
  void aSpanOfAContextNamesTheBlocksThatOverlapIt() {
    List<BlockHash> chain = chain(Seeds.tokens(RANDOM, 40, 1000));
    tell(TOLD, A, node, 1, 0, stored(chain));
    notes(TOLD, A, session, new ContextRequest(null, null, chain, null));
    known(A, session);
    for (int from = 0; from < 42; from += 3) {
      for (int to = from + 1; to < 45; to += 4) {
        int start = from;
        int end = to;
        List<BlockHash> overlapping =
            IntStream.range(0, chain.size())
                .filter(i -> 4 * i < end && 4 * i + 4 > start)
                .mapToObj(chain::get)
                .toList();
        String span = "?from=%d&to=%d".formatted(from, to);
        assertThat(hashes(Service.ok(ASKED.getAs(A, CONTEXTS + session + span))))
            .as(span)
            .isEqualTo(overlapping);
      }
    }
  }

  @Test
  void whatWentOfAContextIsNotNamedAndWhatComesBackIs() {
    List<BlockHash> chain = chain(Seeds.tokens(RANDOM, 12, 1000));
    tell(TOLD, A, node, 1, 0, stored(chain));
    notes(TOLD, A, session, new ContextRequest(null, null, chain, null));
    assertThat(hashes(known(A, session))).isEqualTo(chain);
    Prompts.awaits(
        ASKED, tell(TOLD, A, node, 1, 3, List.of(Entries.removed(chain.get(1), null, null))));
    assertThat(hashes(known(A, session))).containsExactly(chain.get(0), chain.get(2));
    Prompts.awaits(ASKED, tell(TOLD, A, node, 1, 4, List.of(stored(NAMESPACE, chain, 1, null))));
    assertThat(hashes(known(A, session))).isEqualTo(chain);
  }

  @Test
  void aSessionOfAnotherDomainDoesNotExist() {
    List<BlockHash> chain = chain(Seeds.tokens(RANDOM, 8, 1000));
    String position = tell(TOLD, A, node, 1, 0, stored(chain));
    notes(TOLD, A, session, new ContextRequest(null, null, chain, position));
    known(A, session);
    assertThat(Service.problem(404, "not_found", ASKED.getAs("b", CONTEXTS + session)))
        .isEqualTo("session " + session + " is not known");
    String body = json(new ContextRequest(null, null, chain, null));
    assertThat(Service.problem(422, "impossible_request", put(TOLD, "b", CONTEXTS + session, body)))
        .contains("not stored");
  }

  @Test
  void whatWasUsedTogetherIsRelatedWithinTheDomain() {
    List<BlockHash> one = chain(Seeds.tokens(RANDOM, 8, 1000));
    List<BlockHash> other = chain(Seeds.tokens(RANDOM, 8, 1000));
    tell(TOLD, A, node, 1, 0, stored(one));
    tell(TOLD, A, node, 1, 2, stored(other));
    notes(TOLD, A, session, new ContextRequest(null, null, one, null));
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> hashes(known(A, session)).equals(one));
    notes(TOLD, A, session, new ContextRequest(null, null, other, null));
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> hashes(known(A, session)).equals(other));

    String expected = "[{\"block_hash\": \"%s\", \"weight\": 1.0, \"kind\": \"%s\"}]";
    assertThat(related(A, one.get(0)))
        .isEqualTo(Service.json(expected.formatted(one.get(1), "next")));
    assertThat(related(A, one.get(1)))
        .isEqualTo(Service.json(expected.formatted(other.get(0), "together")));
    assertThat(related("b", one.get(0)).isEmpty()).isTrue();
  }

  @Test
  void whatNoContextCanBeIsRefused() {
    String one = json(new ContextRequest(null, null, chain(Tokens.ofInts(1, 2, 3, 4)), null));
    for (String id : List.of("%20", "x".repeat(257))) {
      Service.problem(400, "malformed_request", put(TOLD, A, CONTEXTS + id, one));
      Service.problem(400, "malformed_request", TOLD.get(CONTEXTS + id));
    }
    for (String body : List.of("", "{}", "[]", "{\"tokens\": [1], \"block_hashes\": []}")) {
      Service.problem(400, "malformed_request", put(TOLD, A, CONTEXTS + session, body));
    }
    for (String body : List.of(one, "{\"block_hashes\": []}")) {
      Service.problem(422, "impossible_request", put(TOLD, A, CONTEXTS + session, body));
    }
    for (String span : List.of("?from=-1", "?from=5&to=5", "?to=0", "?from=x")) {
      Service.problem(400, "malformed_request", TOLD.get(CONTEXTS + session + span));
    }
    for (String id : List.of("", " ", "x".repeat(257))) {
      Service.problem(
          400,
          "malformed_request",
          TOLD.post(Service.MATCH, "{\"block_hashes\": [], \"session_id\": \"%s\"}".formatted(id)));
    }
  }

  /** The session's context, once the replica that is asked knows it. */
  private static JsonNode known(String tenant, String session) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> ASKED.getAs(tenant, CONTEXTS + session).statusCode() == 200);
    HttpResponse<String> answer = ASKED.getAs(tenant, CONTEXTS + session);
    return Service.ok(answer);
  }

  private static JsonNode related(String tenant, BlockHash hash) {
    return Service.ok(ASKED.getAs(tenant, "/v1/directory/blocks/" + hash.hex() + "/related?k=2"))
        .get("related");
  }

  private static List<BlockHash> hashes(JsonNode context) {
    return context
        .get("blocks")
        .valueStream()
        .map(block -> BlockHash.parse(block.get("block_hash").asString()))
        .toList();
  }
}
