package io.membrane.directory;

import static io.membrane.directory.Prompts.NAMESPACE;
import static io.membrane.directory.Prompts.awaits;
import static io.membrane.directory.Prompts.chain;
import static io.membrane.directory.Prompts.json;
import static io.membrane.directory.Prompts.stored;
import static io.membrane.directory.Prompts.tell;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Tokens;
import io.membrane.directory.location.Entries;
import io.membrane.fixture.Seeds;
import io.membrane.wire.DirectoryClient.DescribeRequest;
import io.membrane.wire.DirectoryClient.Description;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.SearchRequest;
import io.membrane.wire.NamespaceRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What blocks are about, told to one replica and searched for at another. */
class ChunkEndpointTest {

  private static final String CHUNKS = "/v1/directory/chunks";
  private static final String SEARCH = "/v1/directory/chunks/search";
  private static final NamespaceRequest HERE = NamespaceRequest.of(NAMESPACE);
  private static final String SALT = "the secret of salted";

  @RegisterExtension
  private static final Replicas REPLICAS =
      new Replicas(2, "membrane.directory.sharing-salts.salted=" + SALT);

  private static final Service TOLD = REPLICAS.first();
  private static final Service ASKED = REPLICAS.last();

  /** Goes on from test to test, so that each has blocks and a tenant of its own. */
  private static final Random RANDOM = new Random(17);

  private final String tenant = "t" + RANDOM.nextInt(1 << 30);

  @Test
  void theSameTokensAreFoundWhereverTheyStand() {
    int[] repeated = RANDOM.ints(4, 0, 1000).toArray();
    List<BlockHash> blocks = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      int[] tokens = RANDOM.ints(4L * i + 4, 0, 1000).toArray();
      System.arraycopy(repeated, 0, tokens, 4 * i, 4);
      List<BlockHash> chain = chain(Tokens.ofInts(tokens));
      tell(TOLD, tenant, "n" + i, 1, 0, stored(chain));
      blocks.add(chain.getLast());
    }
    Tokens chunk = Tokens.ofInts(repeated);
    JsonNode told =
        describe(
            tenant,
            blocks.stream().map(block -> new Description(block, chunk, null, null)).toList());
    BlockHash name = BlockHash.parse(told.get("chunks").get(0).get("chunk_hash").asString());
    assertThat(name).isEqualTo(BlockHasher.chunk(NAMESPACE, "", chunk, ""));
    for (SearchRequest search :
        List.of(
            new SearchRequest(HERE, null, chunk, null, null, null),
            new SearchRequest(HERE, name, null, null, null, 100))) {
      JsonNode found = search(tenant, search);
      assertThat(hashes(found)).containsExactlyElementsOf(blocks.reversed());
      assertThat(found.get(0).get("similarity").asDouble()).isEqualTo(1);
      assertThat(found.get(0).get("token_span").toString()).isEqualTo("[8,12]");
      assertThat(found.get(0).get("places").get(0).get("node").asString()).isEqualTo("n2");
      assertThat(search("b", search).isEmpty()).isTrue();
    }
    SearchRequest two = new SearchRequest(HERE, name, null, null, null, 2);
    assertThat(hashes(search(tenant, two))).containsExactly(blocks.get(2), blocks.get(1));
    List<Event> gone = List.of(Entries.removed(blocks.get(2), null, null));
    awaits(ASKED, tell(TOLD, tenant, "n2", 1, 3, gone));
    assertThat(hashes(search(tenant, two))).containsExactly(blocks.get(1), blocks.get(0));
  }

  @Test
  void similarBlocksAreFoundByTheirEmbeddings() {
    List<BlockHash> chain = chain(Seeds.tokens(RANDOM, 12, 1000));
    tell(TOLD, tenant, "n", 1, 0, stored(chain));
    float[][] embeddings = {{3, 0, 0}, {1, 1, 0}, {0, 0, 1}};
    List<Description> blocks = new ArrayList<>();
    for (int i = 0; i < chain.size(); i++) {
      blocks.add(new Description(chain.get(i), null, null, embeddings[i]));
    }
    describe(tenant, blocks);
    SearchRequest near = new SearchRequest(HERE, null, null, null, new float[] {1, 0.1f, 0}, 2);
    Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> search(tenant, near).size() == 2);
    JsonNode found = search(tenant, near);
    assertThat(hashes(found)).containsExactly(chain.get(0), chain.get(1));
    assertThat(found.get(0).get("similarity").asDouble()).isCloseTo(0.99504, within(0.001));
    assertThat(search("b", near).isEmpty()).isTrue();
    List<Event> gone = List.of(Entries.removed(chain.get(0), null, null));
    awaits(ASKED, tell(TOLD, tenant, "n", 1, 3, gone));
    assertThat(hashes(search(tenant, near))).containsExactly(chain.get(1), chain.get(2));

    float[] flat = {1, 2};
    assertThat(
            Service.problem(
                422,
                "impossible_request",
                post(TOLD, tenant, CHUNKS, describing(chain.get(0), null, flat))))
        .contains("3 dimensions, not 2");
    assertThat(
            Service.problem(
                422,
                "impossible_request",
                post(TOLD, tenant, SEARCH, new SearchRequest(HERE, null, null, null, flat, 1))))
        .contains("3 dimensions, not 2");
  }

  @Test
  void chunkHashesAreOfTheTenantsSaltAndTokensThatAreNotTheBlocksAreRefused() {
    Tokens tokens = Seeds.tokens(RANDOM, 8, 1000);
    List<BlockHash> chain = chain(NAMESPACE, SALT, tokens);
    tell(TOLD, "salted", "n", 1, 0, stored(chain));
    JsonNode told =
        describe("salted", List.of(new Description(chain.get(1), tokens.slice(4, 8), null, null)));
    assertThat(told.get("chunks").get(0).get("chunk_hash").asString())
        .isEqualTo(BlockHasher.chunk(NAMESPACE, SALT, tokens.slice(4, 8), "").hex());
    for (int block = 0; block < 2; block++) {
      assertThat(
              Service.problem(
                  422,
                  "impossible_request",
                  post(
                      TOLD,
                      "salted",
                      CHUNKS,
                      describing(chain.get(block), Tokens.ofInts(1, 2, 3, 4), null))))
          .isEqualTo("blocks[0]: these are not the tokens of the block");
    }
  }

  @Test
  void whatNoDescriptionCanBeIsRefused() {
    BlockHash hash = Seeds.hash(RANDOM);
    for (DescribeRequest impossible :
        List.of(
            describing(hash, null, null),
            describing(hash, Tokens.ofInts(1, 2, 3), null),
            describing(hash, null, new float[0]),
            describing(hash, null, new float[] {0, 0}),
            describing(hash, null, new float[4097]))) {
      assertThat(Service.problem(422, "impossible_request", post(TOLD, tenant, CHUNKS, impossible)))
          .startsWith("blocks[0]: ");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "{\"blocks\": []}",
        "{\"blocks\": [null]}",
        "{\"blocks\": [{}]}",
        "{\"blocks\": [{\"block_hash\": \"abc\", \"tokens\": [1, 2, 3, 4]}]}"
      })
  void whatIsNoDescriptionAtAllIsMalformed(String body) {
    Service.problem(400, "malformed_request", TOLD.post(CHUNKS, body));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "{\"k\": 3}",
        "{\"tokens\": [1, 2, 3, 4], \"k\": 0}",
        "{\"tokens\": [1, 2, 3, 4], \"k\": 101}",
        "{\"tokens\": [1, 2, 3, 4], \"embedding\": [1]}",
        "{\"embedding\": [\"1\"]}",
        "{\"embedding\": 1}"
      })
  void whatNoSearchCanBeIsMalformed(String body) {
    Service.problem(400, "malformed_request", TOLD.post(SEARCH, body));
  }

  private static DescribeRequest describing(
      BlockHash hash, @Nullable Tokens tokens, float @Nullable [] embedding) {
    return new DescribeRequest(HERE, List.of(new Description(hash, tokens, null, embedding)));
  }

  /** Describes blocks, and waits until the other replica has read so. */
  private static JsonNode describe(String tenant, List<Description> blocks) {
    HttpResponse<String> answer = post(TOLD, tenant, CHUNKS, new DescribeRequest(HERE, blocks));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    JsonNode told = Service.json(answer);
    awaits(ASKED, told.get("log_position").asString());
    return told;
  }

  private static JsonNode search(String tenant, SearchRequest search) {
    return Service.ok(post(ASKED, tenant, SEARCH, search)).get("matches");
  }

  private static HttpResponse<String> post(
      Service service, String tenant, String path, Object body) {
    return service.postAs(tenant, path, json(body));
  }

  private static List<BlockHash> hashes(JsonNode matches) {
    return matches
        .valueStream()
        .map(match -> BlockHash.parse(match.get("block_hash").asString()))
        .toList();
  }
}
