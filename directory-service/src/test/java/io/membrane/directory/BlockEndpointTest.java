package io.membrane.directory;

import static io.membrane.directory.Prompts.NAMESPACE;
import static io.membrane.directory.Prompts.awaits;
import static io.membrane.directory.Prompts.chain;
import static io.membrane.directory.Prompts.json;
import static io.membrane.directory.Prompts.stored;
import static io.membrane.directory.Prompts.tell;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.Tokens;
import io.membrane.directory.location.Entries;
import io.membrane.fixture.Seeds;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.NamespaceRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** What a block is, and why one does not match. */
class BlockEndpointTest {

  private static final String A = "a";
  private static final String BLOCKS = "/v1/directory/blocks/";
  private static final String SALT = "the secret of a";

  @RegisterExtension
  private static final Replicas REPLICAS =
      new Replicas(1, "membrane.directory.sharing-salts.salted=" + SALT);

  private static final Service SERVICE = REPLICAS.first();

  /** Goes on from test to test, so that each has blocks and a node of its own. */
  private static final Random RANDOM = new Random(11);

  private final String node = "n" + RANDOM.nextLong();

  @Test
  void aBlockIsToldWithItsPlacesItsParentAndWhatFollows() {
    Tokens tokens = Seeds.tokens(RANDOM, 12, 1000);
    List<BlockHash> chain = chain(tokens);
    tell(SERVICE, A, node, 1, 0, stored(chain));

    JsonNode middle = block(A, chain.get(1));
    assertThat(middle.get("block_hash").asString()).isEqualTo(chain.get(1).hex());
    assertThat(middle.get("namespace").get("revision").asString()).isEqualTo("r1");
    assertThat(middle.get("parent_hash").asString()).isEqualTo(chain.get(0).hex());
    assertThat(middle.get("block_index").asInt()).isEqualTo(1);
    assertThat(middle.get("token_span").toString()).isEqualTo("[4,8]");
    assertThat(middle.get("state").asString()).isEqualTo("present");
    assertThat(middle.get("places"))
        .isEqualTo(
            Service.json(
                """
                [{"cluster": "c1", "node": "%s", "tier": "memory",
                  "slices": [{"slice": "attn.0-1.0of1", "bytes": 64}]}]\
                """
                    .formatted(node)));
    assertThat(middle.get("children").toString()).isEqualTo(json(List.of(chain.get(2))));
    assertThat(middle.get("more_children").asBoolean()).isFalse();
    assertThat(middle.has("gone")).isFalse();
    assertThat(block(A, chain.get(0)).has("parent_hash")).isFalse();
    assertThat(block(A, chain.get(2)).get("children").isEmpty()).isTrue();
  }

  @Test
  void ofVeryManyChildrenAHundredAreNamed() {
    Tokens first = Seeds.tokens(RANDOM, 4, 1000);
    BlockHash parent = chain(first).getFirst();
    List<List<BlockHash>> branches = new ArrayList<>();
    for (int i = 0; i < 101; i++) {
      int[] tokens = new int[8];
      for (int t = 0; t < 4; t++) {
        tokens[t] = (int) first.get(t);
      }
      tokens[4] = i;
      branches.add(chain(Tokens.ofInts(tokens)));
    }
    tell(SERVICE, A, node, 1, 0, List.of(stored(NAMESPACE, branches.getFirst(), 0, null)));
    tell(
        SERVICE,
        A,
        node,
        1,
        1,
        branches.subList(0, 100).stream().map(b -> stored(NAMESPACE, b, 1, null)).toList());
    assertThat(block(A, parent).get("children").size()).isEqualTo(100);
    assertThat(block(A, parent).get("more_children").asBoolean()).isFalse();
    tell(SERVICE, A, node, 1, 101, List.of(stored(NAMESPACE, branches.getLast(), 1, null)));
    assertThat(block(A, parent).get("children").size()).isEqualTo(100);
    assertThat(block(A, parent).get("more_children").asBoolean()).isTrue();
  }

  @Test
  void aBlockThatWentSaysHowAndABlockOfAnotherDomainIsNoneAtAll() {
    List<BlockHash> chain = chain(Seeds.tokens(RANDOM, 8, 1000));
    tell(SERVICE, A, node, 1, 0, stored(chain));
    tell(SERVICE, A, node, 1, 2, List.of(Entries.removed(chain.get(1), null, null)));

    JsonNode gone = block(A, chain.get(1));
    assertThat(gone.get("state").asString()).isEqualTo("gone");
    assertThat(gone.get("places").isEmpty()).isTrue();
    assertThat(gone.get("gone").get("why").asString()).isEqualTo("removed");
    assertThat(gone.get("gone").get("node").asString()).isEqualTo(node);
    assertThat(gone.get("gone").get("at_ms").asLong()).isPositive();

    String unknown = Seeds.hash(RANDOM).hex();
    for (String hash : List.of(chain.get(0).hex(), chain.get(1).hex(), unknown)) {
      assertThat(Service.problem(404, "not_found", SERVICE.getAs("b", BLOCKS + hash)))
          .isEqualTo("block " + hash + " is not known");
    }
    assertThat(Service.problem(400, "malformed_request", SERVICE.get(BLOCKS + "abc")))
        .contains("hex");
    for (String k : List.of("0", "101", "x")) {
      Service.problem(400, "malformed_request", SERVICE.get(BLOCKS + unknown + "/related?k=" + k));
    }
    assertThat(Service.ok(SERVICE.get(BLOCKS + unknown + "/related")).get("related").isEmpty())
        .isTrue();
  }

  @Test
  void whyMatchesEndIsCounted() {
    explained(A, NAMESPACE, Seeds.tokens(RANDOM, 8, 1000), null);
    assertThat(SERVICE.get("/actuator/prometheus").body())
        .contains("membrane_directory_misses_total{reason=\"never_stored\"}");
  }

  @Test
  void aMatchThatIsAllThereNeedsNoExplanation() {
    Tokens tokens = Seeds.tokens(RANDOM, 8, 1000);
    tell(SERVICE, A, node, 1, 0, stored(chain(tokens)));
    assertThat(explained(A, NAMESPACE, tokens, null).has("why")).isFalse();
  }

  @Test
  void anExplanationNamesTheFirstBlockThatDidNotMatchAndWhy() {
    Tokens tokens = Seeds.tokens(RANDOM, 16, 1000);
    List<BlockHash> chain = chain(tokens);
    assertThat(why(A, tokens).get("reason").asString()).isEqualTo("never_stored");
    tell(SERVICE, A, node, 1, 0, stored(chain.subList(0, 3)));

    JsonNode why = why(A, tokens);
    assertThat(why.get("block").asInt()).isEqualTo(3);
    assertThat(why.get("block_hash").asString()).isEqualTo(chain.get(3).hex());
    assertThat(why.get("reason").asString()).isEqualTo("never_stored");
    assertThat(why.has("at_ms")).isFalse();

    tell(SERVICE, A, node, 1, 3, List.of(Entries.removed(chain.get(2), null, null)));
    why = why(A, tokens);
    assertThat(why.get("block").asInt()).isEqualTo(2);
    assertThat(why.get("reason").asString()).isEqualTo("removed");
    assertThat(why.get("at_ms").asLong()).isPositive();
    assertThat(why.get("last").get("node").asString()).isEqualTo(node);
    assertThat(why.get("detail").asString()).contains("deleted or evicted").contains(node);

    tell(SERVICE, A, node, 1, 4, List.of(stored(NAMESPACE, chain, 2, 1L)));
    assertThat(why(A, tokens).get("reason").asString()).isEqualTo("expired");

    tell(SERVICE, A, node, 2, 0, List.of(Entries.cleared()));
    why = why(A, tokens);
    assertThat(why.get("block").asInt()).isZero();
    assertThat(why.get("reason").asString()).isEqualTo("cleared");
    assertThat(why("b", tokens).get("reason").asString()).isEqualTo("never_stored");
  }

  @Test
  void anExplanationSaysWhatLiesElsewhereOrWithoutTheSlicesThatAreNeeded() {
    Tokens tokens = Seeds.tokens(RANDOM, 8, 1000);
    List<BlockHash> chain = chain(tokens);
    tell(SERVICE, A, node, 1, 0, List.of(stored(NAMESPACE, chain, 0, null)));
    EventBatch inAnotherCluster =
        new EventBatch(node, "c2", 1L, 0L, List.of(stored(NAMESPACE, chain, 1, null)));
    awaits(
        SERVICE,
        Service.ok(SERVICE.postAs(A, Service.EVENTS, json(inAnotherCluster)))
            .get("log_position")
            .asString());
    assertThat(why(A, tokens).get("reason").asString()).isEqualTo("elsewhere");
    assertThat(why(A, tokens).get("block").asInt()).isEqualTo(1);

    JsonNode why =
        explained(A, NAMESPACE, tokens, List.of(Slice.attention(2), Slice.parse("state.0-1.0of1")))
            .get("why");
    assertThat(why.get("reason").asString()).isEqualTo("slices_missing");
    assertThat(why.get("detail").asString()).contains("state.0-1.0of1");
  }

  @Test
  void theSameTokensUnderAnotherNamespaceOrSaltAreNamedToWhoMayKnow() {
    Tokens tokens = Seeds.tokens(RANDOM, 8, 1000);
    Namespace other = new Namespace("tiny-llama", "r2", "bf16", 8);
    Namespace unlike = new Namespace("large-llama", "r1", "f32", 4);
    tell(SERVICE, A, node, 1, 0, List.of(stored(other, chain(other, "", tokens), 0, null)));
    tell(SERVICE, A, node, 1, 1, List.of(stored(unlike, chain(unlike, "", tokens), 0, null)));

    JsonNode why = why(A, tokens);
    assertThat(why.get("reason").asString()).isEqualTo("never_stored");
    assertThat(why.get("other_namespaces"))
        .isEqualTo(
            Service.json(
                """
                [{"namespace": {"model": "tiny-llama", "revision": "r2", "kv_dtype": "bf16",
                                "block_tokens": 8}, "same_salt": true}]\
                """));
    assertThat(why.get("detail").asString()).contains("tiny-llama r2 bf16 in blocks of 8");
    assertThat(why("b", tokens).get("other_namespaces").isEmpty()).isTrue();

    tell(SERVICE, "salted", node, 1, 0, List.of(stored(NAMESPACE, chain(tokens), 0, null)));
    JsonNode unsalted = why("salted", tokens).get("other_namespaces");
    assertThat(unsalted.size()).isEqualTo(1);
    assertThat(unsalted.get(0).get("same_salt").asBoolean()).isFalse();
    assertThat(unsalted.get(0).get("namespace").get("revision").asString()).isEqualTo("r1");
  }

  @Test
  void usesAreThoseOfTheDomainsOwnSessions() {
    Tokens tokens = Seeds.tokens(RANDOM, 8, 1000);
    List<BlockHash> chain = chain(tokens);
    tell(SERVICE, A, node, 1, 0, stored(chain));
    tell(SERVICE, "b", node, 1, 0, stored(chain));
    Service.ok(
        SERVICE.postAs(
            A,
            Service.MATCH,
            "{\"session_id\": \"s\", \"block_hashes\": %s}".formatted(json(chain))));
    Awaitility.await().until(() -> block(A, chain.get(1)).get("uses").asDouble() > 0.9);
    assertThat(block("b", chain.get(1)).get("uses").asDouble()).isZero();
  }

  private static JsonNode block(String tenant, BlockHash hash) {
    return Service.ok(SERVICE.getAs(tenant, BLOCKS + hash.hex()));
  }

  private static JsonNode why(String tenant, Tokens tokens) {
    return explained(tenant, NAMESPACE, tokens, null).get("why");
  }

  private static JsonNode explained(
      String tenant, Namespace namespace, Tokens tokens, @Nullable List<Slice> needs) {
    return Service.ok(
        SERVICE.postAs(
            tenant,
            Service.MATCH,
            json(
                new MatchRequest(
                    NamespaceRequest.of(namespace), tokens, null, needs, null, null, true))));
  }
}
