package io.membrane.directory;

import static io.membrane.directory.Service.EVENTS;
import static io.membrane.directory.Service.LOCATE;
import static io.membrane.directory.Service.MATCH;
import static io.membrane.directory.Service.RESOLVE;
import static io.membrane.directory.Service.batch;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.DirectoryClient.EventsAccepted;
import io.membrane.wire.DirectoryClient.LocateRequest;
import io.membrane.wire.DirectoryClient.LocatedBlock;
import io.membrane.wire.DirectoryClient.Place;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.MatchResponse.ClusterMatch;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.MatchResponse.NodeMatch;
import io.membrane.wire.NamespaceRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.web.client.RestClient;
import tools.jackson.databind.JsonNode;

class DirectoryEndpointTest {

  private static final String SALT = "the secret of acme";
  private static final Namespace NAMESPACE = new Namespace("tiny-llama", "r1", "f32", 4);
  private static final String HASH = "ab".repeat(32);

  @RegisterExtension
  private static final Replicas REPLICAS =
      new Replicas(
          1,
          "membrane.directory.sharing=public",
          "membrane.directory.sharing-salts.acme=" + SALT,
          "membrane.directory.sharing-salts.acme-west=" + SALT);

  private static final Service SERVICE = REPLICAS.first();

  @Test
  void aPromptIsMatchedByItsTokensAsSoonAsItsEventsAreAccepted() {
    Tokens tokens = Seeds.tokens(new Random(1), 14, 1000);
    String position = announce("by-tokens", tokens, 2);

    JsonNode answer =
        SERVICE.answer(
            MATCH,
            """
            {"namespace": {"revision": "r1"}, "tokens": %s, "needs": ["attn.0-1.0of1"],
             "at_least": "%s"}\
            """
                .formatted(list(tokens), position));

    assertThat(answer.get("block_tokens").asInt()).isEqualTo(4);
    assertThat(answer.get("total_blocks").asInt()).isEqualTo(3);
    assertThat(answer.get("block_hashes").valueStream().map(JsonNode::asString))
        .isEqualTo(chain("", tokens).stream().map(BlockHash::hex).toList());
    assertThat(answer.get("matches").size()).isEqualTo(1);
    assertThat(answer.get("best"))
        .isEqualTo(
            Service.json(
                """
                {"cluster": "c1", "node": "by-tokens", "tier": "gpu",
                 "matched_blocks": 2, "matched_tokens": 8}\
                """));
  }

  @Test
  void blockHashesAreMatchedWithoutANamespaceAndInTheSizeThatIsStored() {
    Tokens tokens = Seeds.tokens(new Random(2), 12, 1000);
    String position = announce("by-hashes", tokens, 3);
    String hashes =
        chain("", tokens).stream()
            .map(h -> '"' + h.hex() + '"')
            .collect(Collectors.joining(",", "[", "]"));
    JsonNode answer =
        SERVICE.answer(
            MATCH, "{\"block_hashes\": %s, \"at_least\": \"%s\"}".formatted(hashes, position));
    assertThat(answer.get("block_tokens").asInt()).isEqualTo(4);
    assertThat(answer.get("best").get("matched_tokens").asInt()).isEqualTo(12);

    JsonNode places =
        SERVICE.answer(
            LOCATE,
            "{\"block_hashes\": [\"%s\", %s]}"
                .formatted(HASH, hashes.substring(1, hashes.length() - 1)));
    assertThat(places.get("blocks").size()).isEqualTo(4);
    assertThat(places.get("blocks").get(0).get("block_hash").asString()).isEqualTo(HASH);
    assertThat(places.get("blocks").get(0).get("places").isEmpty()).isTrue();
    assertThat(places.get("blocks").get(1).get("places").get(0))
        .isEqualTo(
            Service.json(
                """
                {"cluster": "c1", "node": "by-hashes", "tier": "gpu",
                 "slices": ["attn.0-1.0of1"]}\
                """));
  }

  @Test
  void theClientOfOtherServicesSpeaksTheSameContract() {
    DirectoryClient client =
        new ServiceClients(
                RestClient.builder(),
                new ClientProperties(
                    Map.of(),
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(9),
                    4,
                    1,
                    Duration.ofSeconds(1)))
            .of(DirectoryClient.class, "directory-service", SERVICE.url());
    Tokens tokens = Seeds.tokens(new Random(6), 8, 1000);
    List<BlockHash> chain = chain("", tokens);
    Slice slice = Slice.attention(2);
    Event stored =
        new Event(
            EventType.STORED,
            NAMESPACE,
            chain.getFirst(),
            null,
            slice,
            64L,
            "gpu",
            new TokenSpan(0, 4),
            null);
    EventsAccepted accepted =
        client.events(new EventBatch("by-client", "c1", 3L, 0L, List.of(stored)));
    MatchResponse match =
        client.match(
            new MatchRequest(
                NamespaceRequest.of(NAMESPACE),
                tokens,
                null,
                List.of(slice),
                accepted.logPosition()));
    Match only = new Match("c1", "by-client", "gpu", 1, 4);
    assertThat(match)
        .isEqualTo(
            new MatchResponse(
                4,
                2,
                chain,
                List.of(only),
                only,
                List.of(new ClusterMatch("c1", 1, 4)),
                List.of(new NodeMatch("c1", "by-client", 1, 4)),
                null));
    assertThat(client.locate(new LocateRequest(List.of(chain.getFirst()))).blocks())
        .containsExactly(
            new LocatedBlock(
                chain.getFirst(), List.of(new Place("c1", "by-client", "gpu", List.of(slice)))));
    assertThat(client.resolve(new NamespaceRequest(null, "r1", null, null)).namespace())
        .isEqualTo(NAMESPACE);
  }

  @Test
  void nothingMatchedIsAnAnswerAndNoError() {
    JsonNode answer = SERVICE.answer(MATCH, "{\"block_hashes\": [\"" + HASH + "\"]}");
    assertThat(answer.get("block_tokens").asInt()).isZero();
    assertThat(answer.get("total_blocks").asInt()).isEqualTo(1);
    assertThat(answer.get("matches").isEmpty()).isTrue();
    assertThat(answer.has("best")).isFalse();
    assertThat(
            SERVICE
                .answer(MATCH, "{\"namespace\": {\"revision\": \"r1\"}, \"tokens\": [1, 2, 3]}")
                .get("total_blocks")
                .asInt())
        .isZero();
  }

  @Test
  void aPositionThatIsNotReachedInTimeIsAnsweredFromWhatThereIs() {
    JsonNode answer =
        SERVICE.answer(
            MATCH, "{\"block_hashes\": [\"" + HASH + "\"], \"at_least\": \"99999999999999-0\"}");
    assertThat(answer.get("matches").isEmpty()).isTrue();
    assertThat(SERVICE.get("/actuator/prometheus").body())
        .contains("membrane_directory_matches_behind_total");
  }

  @Test
  void aTenantMatchesItsOwnSharingDomainOnlyAndNeverSeesTheSalt() {
    Tokens tokens = Seeds.tokens(new Random(3), 4, 1000);
    String body = "{\"revision\": \"r1\"}";
    HttpResponse<String> acme = SERVICE.postAs("acme", RESOLVE, body);
    HttpResponse<String> west = SERVICE.postAs("acme-west", RESOLVE, body);
    HttpResponse<String> other = SERVICE.postAs("other", RESOLVE, body);
    String salted = BlockHasher.root(NAMESPACE, SALT).hex();
    assertThat(acme.body()).doesNotContain(SALT);
    assertThat(Service.json(acme).get("root").asString()).isEqualTo(salted);
    assertThat(Service.json(west).get("root").asString()).isEqualTo(salted);
    assertThat(Service.json(other).get("root").asString())
        .isEqualTo(BlockHasher.root(NAMESPACE, "").hex());
    assertThat(Service.json(acme).get("namespace"))
        .isEqualTo(
            Service.json(
                """
                {"model": "tiny-llama", "revision": "r1", "kv_dtype": "f32",
                 "block_tokens": 4}\
                """));

    String position = announce("public", tokens, 1);
    String match =
        """
        {"namespace": {"revision": "r1"}, "tokens": %s, "at_least": "%s"}\
        """
            .formatted(list(tokens), position);
    assertThat(Service.json(SERVICE.postAs("other", MATCH, match)).has("best")).isTrue();
    assertThat(Service.json(SERVICE.postAs("acme", MATCH, match)).has("best")).isFalse();
  }

  @Test
  void aGapInANodesEventsIsAConflictThatNamesTheSequenceWanted() {
    announce("gappy", Seeds.tokens(new Random(4), 8, 1000), 2);
    assertThat(
            SERVICE.problem(
                409, "sequence_gap", EVENTS, batch("gappy", "1", "5", "{\"type\": \"cleared\"}")))
        .contains("sequence 2 is wanted next");
    assertThat(
            SERVICE
                .answer(EVENTS, batch("gappy", "1", "2", "{\"type\": \"cleared\"}"))
                .get("next_sequence")
                .asInt())
        .isEqualTo(3);
  }

  @Test
  void metricsAndTheContractAreServed() {
    announce("metrics", Seeds.tokens(new Random(5), 4, 1000), 1);
    SERVICE.answer(MATCH, "{\"block_hashes\": [\"" + HASH + "\"]}");
    assertThat(SERVICE.get("/actuator/prometheus").body())
        .contains("membrane_directory_blocks ")
        .contains("membrane_directory_copies ")
        .contains("membrane_directory_log_lag_seconds ")
        .contains("membrane_directory_log_caught_up 1.0")
        .contains("membrane_directory_log_entries_total{")
        .contains("membrane_directory_log_gaps_total 0.0")
        .contains("membrane_directory_doubtful 0.0")
        .contains("membrane_directory_matches_total{");
    JsonNode paths = Service.json(SERVICE.get("/v3/api-docs")).get("paths");
    for (String path :
        List.of(
            MATCH,
            LOCATE,
            EVENTS,
            RESOLVE,
            "/v1/directory/blocks/{hash}",
            "/v1/directory/blocks/{hash}/related",
            "/v1/directory/contexts/{session}",
            "/v1/directory/chunks",
            "/v1/directory/chunks/search")) {
      assertThat(paths.has(path)).as(path).isTrue();
    }
  }

  /** Says that a node holds the first blocks of a prompt; the log position of that. */
  private static String announce(String node, Tokens tokens, int blocks) {
    List<BlockHash> chain = chain("", tokens);
    String events =
        IntStream.range(0, blocks)
            .mapToObj(i ->
                """
                {"type": "stored", "block_hash": "%s", "parent_hash": %s,
                 "namespace": {"model": "tiny-llama", "revision": "r1", "kv_dtype": "f32",
                               "block_tokens": 4},
                 "slice": "attn.0-1.0of1", "bytes": 64, "tier": "gpu",
                 "token_span": [%d, %d]}\
                """
                    .formatted(
                        chain.get(i),
                        i == 0 ? "null" : '"' + chain.get(i - 1).hex() + '"',
                        4 * i,
                        4 * i + 4))
            .collect(Collectors.joining(","));
    JsonNode answer = SERVICE.answer(EVENTS, batch(node, "1", "0", events));
    assertThat(answer.get("next_sequence").asInt()).isEqualTo(blocks);
    return answer.get("log_position").asString();
  }

  private static List<BlockHash> chain(String salt, Tokens tokens) {
    return BlockHasher.chain(BlockHasher.root(NAMESPACE, salt), 4, tokens);
  }

  private static String list(Tokens tokens) {
    return Arrays.toString(tokens.toLongs());
  }
}
