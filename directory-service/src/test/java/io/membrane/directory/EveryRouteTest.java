package io.membrane.directory;

import static io.membrane.directory.Prompts.NAMESPACE;
import static io.membrane.directory.Prompts.chain;
import static io.membrane.directory.Prompts.json;
import static io.membrane.directory.Prompts.stored;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.directory.ContextEndpoint.ContextRequest;
import io.membrane.directory.location.Entries;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.tenancy.Policies;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import io.membrane.wire.DirectoryClient.DescribeRequest;
import io.membrane.wire.DirectoryClient.Description;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.LocateRequest;
import io.membrane.wire.DirectoryClient.SearchRequest;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.NamespaceRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tenancy over all routes: what a directory of all tenants answers to one is what a directory
 * answers that was told only what this one may see. One thing is allowed to differ: why a block
 * went may be forgotten, since only its last end is remembered, whosever that was.
 */
class EveryRouteTest {

  /** The sharing domain of each tenant, as the tests call it. */
  private static final Map<String, String> DOMAINS =
      Map.of("apart", "apart", "one", "group", "two", "group", "open", "public");

  private static final List<String> TENANTS = List.of("apart", "one", "two", "open");
  private static final List<String> SESSIONS = List.of("s1", "s2");
  private static final Namespace OTHER = new Namespace("tiny-llama", "r2", "f32", 4);
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static final Directory ALL = new Directory();
  private static final Map<String, Directory> EACH =
      Map.of("apart", new Directory(), "group", new Directory(), "public", new Directory());

  /** A directory with a Redis of its own, which knows the tenants' policies. */
  private static final class Directory implements AutoCloseable {

    private final RedisProcess redis = RedisProcess.embedded();
    private final Service service =
        Service.ofTinyLlama(
            redis.port(),
            "membrane.directory.max-blocks=20000",
            "membrane.directory.uses-half-life=3650d");
    private final Map<String, Long> sequences = new HashMap<>();
    private long contexts;

    Directory() {
      LettuceConnectionFactory connections = RedisConnections.to(redis.port());
      StringRedisTemplate raw = new StringRedisTemplate(connections);
      policy(raw, "apart", Sharing.ISOLATED, null);
      policy(raw, "one", Sharing.GROUP, "g");
      policy(raw, "two", Sharing.GROUP, "g");
      policy(raw, "open", Sharing.PUBLIC, null);
      connections.destroy();
    }

    private static void policy(
        StringRedisTemplate redis, String tenant, Sharing sharing, @Nullable String group) {
      Policy policy = new Policy(null, null, null, sharing, group, Policy.DEFAULT_CLASS);
      redis.opsForValue().set(Policies.key(tenant), json(policy));
    }

    void happens(String tenant, String node, Event event) {
      String source = node + " " + DOMAINS.get(tenant);
      long sequence = sequences.merge(source, 1L, Long::sum) - 1;
      Prompts.tell(service, tenant, node, 1, sequence, List.of(event));
    }

    /** Notes a context, and waits until it is in the log. */
    void uses(String tenant, String session, List<BlockHash> chain) {
      String path = "/v1/directory/contexts/" + session;
      HttpResponse<String> answer =
          Prompts.put(service, tenant, path, json(new ContextRequest(null, null, chain, null)));
      assertThat(answer.statusCode()).as(answer.body()).isIn(204, 422);
      if (answer.statusCode() == 204) {
        contexts++;
        SessionContexts notes = service.bean(SessionContexts.class);
        Awaitility.await().atMost(LIMIT).until(() -> notes.noted() == contexts);
      }
    }

    void describes(String tenant, Description block) {
      HttpResponse<String> answer =
          service.postAs(
              tenant,
              "/v1/directory/chunks",
              json(new DescribeRequest(NamespaceRequest.of(NAMESPACE), List.of(block))));
      assertThat(answer.statusCode()).as(answer.body()).isIn(202, 422);
    }

    JsonNode posted(String tenant, String path, Object body) {
      return untraced(service.postAs(tenant, path, json(body)));
    }

    JsonNode got(String tenant, String path) {
      return untraced(service.getAs(tenant, path));
    }

    private static JsonNode untraced(HttpResponse<String> answer) {
      ObjectNode json = (ObjectNode) Service.json(answer);
      json.remove("trace_id");
      return json;
    }

    @Override
    public void close() {
      service.close();
      redis.close();
    }
  }

  @BeforeAll
  static void ready() {
    ALL.service.awaitReady();
    EACH.values().forEach(directory -> directory.service.awaitReady());
  }

  @AfterAll
  static void stop() {
    ALL.close();
    EACH.values().forEach(Directory::close);
  }

  /** Prompts that branch behind their first and second blocks, the same for every tenant. */
  private record Prompt(Namespace namespace, Tokens tokens, List<BlockHash> chain) {

    static Prompt of(Namespace namespace, int[] first, int... branch) {
      int[] tokens = new int[4 * (1 + branch.length)];
      System.arraycopy(first, 0, tokens, 0, 4);
      for (int i = 4; i < tokens.length; i++) {
        tokens[i] = branch[i / 4 - 1];
      }
      Tokens whole = Tokens.ofInts(tokens);
      return new Prompt(namespace, whole, Prompts.chain(namespace, "", whole));
    }
  }

  @Test
  void everyRouteAnswersAsADirectoryThatWasToldOnlyWhatTheCallerMaySee() {
    Seeds.forAll(
        3,
        random -> {
          int[] first = random.ints(4, 0, 1 << 20).toArray();
          List<Prompt> prompts =
              List.of(
                  Prompt.of(NAMESPACE, first, 1, 2, 3),
                  Prompt.of(NAMESPACE, first, 1, 3, 1),
                  Prompt.of(NAMESPACE, first, 2, 2, 1),
                  Prompt.of(OTHER, first, 1, 2));
          for (int step = 0; step < 60; step++) {
            String tenant = TENANTS.get(random.nextInt(TENANTS.size()));
            something(random, tenant, prompts.get(random.nextInt(prompts.size())));
          }
          for (String tenant : TENANTS) {
            assertSame(tenant, prompts);
          }
        });
  }

  private static void something(RandomGenerator random, String tenant, Prompt prompt) {
    Directory own = own(tenant);
    List<BlockHash> chain = prompt.chain();
    int block = random.nextInt(chain.size());
    String node = "n" + random.nextInt(2);
    switch (random.nextInt(10)) {
      case 0 ->
          both(own, d -> d.happens(tenant, node, Entries.removed(chain.get(block), null, null)));
      case 1 -> {
        if (random.nextInt(4) == 0) {
          both(own, d -> d.happens(tenant, node, Entries.cleared()));
        }
      }
      case 2, 3 -> {
        String session = SESSIONS.get(random.nextInt(SESSIONS.size()));
        both(own, d -> d.uses(tenant, session, chain));
      }
      case 4, 5 -> {
        Tokens tokens =
            random.nextBoolean() ? prompt.tokens().slice(4 * block, 4 * block + 4) : null;
        float[] embedding = {random.nextFloat(), random.nextFloat(), 1};
        Description description = new Description(chain.get(block), tokens, null, embedding);
        if (prompt.namespace().equals(NAMESPACE)) {
          both(own, d -> d.describes(tenant, description));
        }
      }
      default ->
          both(own, d -> d.happens(tenant, node, stored(prompt.namespace(), chain, block, null)));
    }
  }

  private static Directory own(String tenant) {
    return Objects.requireNonNull(EACH.get(DOMAINS.get(tenant)));
  }

  private static void both(Directory own, Consumer<Directory> what) {
    what.accept(ALL);
    what.accept(own);
  }

  private static void assertSame(String tenant, List<Prompt> prompts) {
    List<BlockHash> blocks = prompts.stream().flatMap(p -> p.chain().stream()).distinct().toList();
    Directory own = own(tenant);
    both(own, d -> sync(d, tenant));
    assertSamePosted(tenant, Service.LOCATE, new LocateRequest(blocks));
    for (Prompt prompt : prompts) {
      assertSameMatch(tenant, prompt);
      Tokens chunk = prompt.tokens().slice(4, 8);
      NamespaceRequest namespace = NamespaceRequest.of(prompt.namespace());
      assertSamePosted(
          tenant,
          "/v1/directory/chunks/search",
          new SearchRequest(namespace, null, chunk, null, null, 3));
    }
    SearchRequest near =
        new SearchRequest(
            NamespaceRequest.of(NAMESPACE), null, null, null, new float[] {1, 0.5f, 1}, 5);
    Awaitility.await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertSamePosted(tenant, "/v1/directory/chunks/search", near));
    for (BlockHash block : blocks) {
      assertSameBlock(tenant, block);
      assertSameGot(tenant, "/v1/directory/blocks/" + block.hex() + "/related?k=20");
    }
    for (String session : SESSIONS) {
      assertSameGot(tenant, "/v1/directory/contexts/" + session + "?from=2&to=13");
    }
  }

  /** Until the directory has read its log to the end. */
  private static void sync(Directory directory, String tenant) {
    Description any = new Description(new BlockHash(1, 2, 3, 4), null, null, new float[] {1, 1, 1});
    String position =
        directory
            .posted(
                tenant,
                "/v1/directory/chunks",
                new DescribeRequest(NamespaceRequest.of(NAMESPACE), List.of(any)))
            .get("log_position")
            .asString();
    Prompts.awaits(directory.service, position);
  }

  private static void assertSamePosted(String tenant, String path, Object body) {
    assertThat(ALL.posted(tenant, path, body))
        .as("%s %s %s", tenant, path, json(body))
        .isEqualTo(own(tenant).posted(tenant, path, body));
  }

  private static void assertSameGot(String tenant, String path) {
    assertThat(ALL.got(tenant, path))
        .as("%s %s", tenant, path)
        .isEqualTo(own(tenant).got(tenant, path));
  }

  private static void assertSameMatch(String tenant, Prompt prompt) {
    MatchRequest match =
        new MatchRequest(
            NamespaceRequest.of(prompt.namespace()), prompt.tokens(), null, null, null, null, true);
    ObjectNode all = (ObjectNode) ALL.posted(tenant, Service.MATCH, match);
    ObjectNode own = (ObjectNode) own(tenant).posted(tenant, Service.MATCH, match);
    JsonNode whyOfAll = all.remove("why");
    JsonNode whyOfOwn = own.remove("why");
    assertThat(all).as(tenant).isEqualTo(own);
    assertThat(whyOfAll == null).isEqualTo(whyOfOwn == null);
    if (whyOfAll != null && whyOfOwn != null) {
      for (String part : List.of("block", "block_hash", "other_namespaces")) {
        assertThat(whyOfAll.get(part)).as(tenant).isEqualTo(whyOfOwn.get(part));
      }
      assertThat(whyOfAll.get("reason").asString())
          .isIn(whyOfOwn.get("reason").asString(), "never_stored");
    }
  }

  private static void assertSameBlock(String tenant, BlockHash block) {
    String path = "/v1/directory/blocks/" + block.hex();
    JsonNode all = ALL.got(tenant, path);
    JsonNode own = own(tenant).got(tenant, path);
    boolean isForgotten = own.has("gone") && all.path("code").asString("").equals("not_found");
    if (!isForgotten) {
      assertThat(timeless(all)).as(tenant).isEqualTo(timeless(own));
    }
  }

  private static JsonNode timeless(JsonNode block) {
    if (block.get("gone") instanceof ObjectNode gone) {
      gone.remove("at_ms");
    }
    if (block instanceof ObjectNode object && object.has("uses")) {
      object.put("uses", Math.round(object.get("uses").asDouble()));
    }
    return block;
  }

  @Test
  void theTestSeesATenantsBlockOnlyWhereItShould() {
    List<BlockHash> chain = chain(Tokens.ofInts(9, 9, 9, 9));
    List<String> knowing = new ArrayList<>();
    ALL.happens("one", "n", stored(NAMESPACE, chain, 0, null));
    for (String tenant : TENANTS) {
      if (ALL.got(tenant, "/v1/directory/blocks/" + chain.getFirst().hex()).has("state")) {
        knowing.add(tenant);
      }
    }
    assertThat(knowing).containsExactly("one", "two");
  }
}
