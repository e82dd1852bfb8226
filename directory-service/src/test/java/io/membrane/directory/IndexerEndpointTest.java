package io.membrane.directory;

import static io.membrane.directory.Prompts.NAMESPACE;
import static io.membrane.directory.Prompts.SLICE;
import static io.membrane.directory.Service.ok;
import static io.membrane.directory.Service.problem;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.directory.indexer.Rank;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import java.math.BigInteger;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests and answers as the indexers of Mooncake and Dynamo have them. */
class IndexerEndpointTest {

  @RegisterExtension
  private static final Replicas REPLICAS =
      new Replicas(1, "membrane.directory.defaults.revision=r1");

  private static final Service SERVICE = REPLICAS.first();

  private static final String TOKENS = "\"token_ids\": [1,2,3,4, 5,6,7,8, 9,10,11,12, 13,14,15,16]";
  private static final List<BlockHash> CHAIN =
      Prompts.chain(Tokens.ofInts(IntStream.rangeClosed(1, 16).toArray()));
  private static final BigInteger W0 = Rank.id("w0");

  @BeforeAll
  static void ready() {
    holds("t", "w0", CHAIN, "gpu gpu cpu disk");
    holds("t", "w0:dp1", CHAIN, "cpu");
    holds("t", "7", CHAIN, "gpu gpu gpu");
    holds("t", "store", CHAIN, "redis redis redis redis");
    holds("b", "alien", CHAIN, "gpu gpu gpu gpu");
    holds("t", "salty", extra("[\"s\"]", ""), "gpu gpu gpu");
    holds("t", "ada-0", extra("[{\"lora\":\"ada\"}]", "[{\"lora\":\"ada\"}]"), "gpu gpu");
    holds("t", "both", extra("[{\"lora\":\"ada\"},\"s\"]", "[{\"lora\":\"ada\"}]"), "gpu");
  }

  private static List<BlockHash> extra(String first, String others) {
    Tokens tokens = Tokens.ofInts(IntStream.rangeClosed(1, 16).toArray());
    return BlockHasher.chain(
        BlockHasher.root(NAMESPACE, ""), 4, tokens, block -> block == 0 ? first : others);
  }

  /** A node has the chain's first blocks, each in the tier that stands at its place. */
  private static void holds(String tenant, String node, List<BlockHash> chain, String tiers) {
    List<Event> events = new ArrayList<>();
    for (String tier : tiers.split(" ", -1)) {
      int block = events.size();
      events.add(
          new Event(
              EventType.STORED,
              NAMESPACE,
              chain.get(block),
              block == 0 ? null : chain.get(block - 1),
              SLICE,
              64L,
              tier,
              new TokenSpan(4 * block, 4 * block + 4),
              null));
    }
    Prompts.tell(SERVICE, tenant, node, 1, 0, events);
  }

  private static String hexes(int blocks) {
    return CHAIN.stream()
        .limit(blocks)
        .map(hash -> "\"" + hash.hex() + "\"")
        .reduce((a, b) -> a + "," + b)
        .orElseThrow();
  }

  static Stream<Arguments> answered() {
    String mooncakes =
        """
        {"t": {
          "7": {"longest_matched": 12, "GPU": 12, "DP": {"0": 12}, "CPU": 12, "DISK": 12},
          "w0": {"longest_matched": 16, "GPU": 8, "DP": {"0": 16, "1": 4}, "CPU": 12, "DISK": 16}}}\
        """;
    String dynamos =
        """
        {"scores": {"7": {"0": 12}, "%1$s": {"0": 8, "1": 0}},
         "frequencies": [],
         "instances": {
           "7": {"longest_matched": 12, "gpu": 12, "dp": {"0": 12}, "cpu": 12, "disk": 12},
           "%1$s": {"longest_matched": 16, "gpu": 8, "dp": {"0": 8, "1": 0}, "cpu": 12,
                    "disk": 16}}}\
        """
            .formatted(W0);
    String seven =
        """
        {"t": {"7": {"longest_matched": %1$s, "GPU": %1$s, "DP": {"0": %1$s}, "CPU": %1$s,
                     "DISK": %1$s}}}\
        """;
    String one =
        """
        {"t": {"%1$s": {"longest_matched": %2$s, "GPU": %2$s, "DP": {"0": %2$s}, "CPU": %2$s,
                        "DISK": %2$s}}}\
        """;
    String mooncake = "\"model\": \"tiny-llama\", \"block_size\": 4, ";
    String dynamo = "\"model_name\": \"tiny-llama\", ";
    String none = "{\"t\": {}}";
    return Stream.of(
        Arguments.of("/query", mooncake + TOKENS, mooncakes),
        Arguments.of(
            "/query",
            mooncake
                + "\"tenant_id\": \"t\", \"lora_name\": \"\", \"lora_id\": -1,"
                + " \"cache_salt\": \"\", \"hash_profile\": {\"strategy\": \"x\"}, "
                + TOKENS,
            mooncakes),
        Arguments.of("/query", "\"modelname\": \"tiny-llama\", " + TOKENS, mooncakes),
        Arguments.of("/query", dynamo + TOKENS, dynamos),
        Arguments.of("/query", dynamo + "\"routing_group\": \"default\", " + TOKENS, dynamos),
        Arguments.of("/query", mooncake + "\"instance_id\": \"7\", " + TOKENS, seven.formatted(12)),
        Arguments.of("/query", mooncake + "\"instance_id\": 7, " + TOKENS, seven.formatted(12)),
        Arguments.of("/query", mooncake + "\"instance_id\": \"alien\", " + TOKENS, none),
        Arguments.of(
            "/query", mooncake + "\"cache_salt\": \"s\", " + TOKENS, one.formatted("salty", 12)),
        Arguments.of(
            "/query", mooncake + "\"lora_name\": \"ada\", " + TOKENS, one.formatted("ada-0", 8)),
        Arguments.of(
            "/query",
            mooncake + "\"lora_name\": \"ada\", \"cache_salt\": \"s\", " + TOKENS,
            one.formatted("both", 4)),
        Arguments.of("/query", mooncake + "\"token_ids\": [1,2,3]", none),
        Arguments.of("/query", mooncake + "\"token_ids\": []", none),
        Arguments.of("/query", "\"model\": \"tiny-llama\", \"block_size\": 8, " + TOKENS, none),
        Arguments.of("/query", "\"model\": \"another\", " + TOKENS, none),
        Arguments.of(
            "/query",
            "\"model_name\": \"another\", " + TOKENS,
            "{\"scores\": {}, \"frequencies\": [], \"instances\": {}}"),
        Arguments.of("/query_by_hash", mooncake + "\"seq_hashes\": [" + hexes(4) + "]", mooncakes),
        Arguments.of(
            "/query_by_hash",
            mooncake + "\"instance_id\": 7, \"block_hash\": [" + hexes(2) + "]",
            seven.formatted(8)),
        Arguments.of("/query_by_hash", dynamo + "\"block_hashes\": [" + hexes(4) + "]", dynamos),
        Arguments.of(
            "/query_by_hash",
            mooncake + "\"seq_hashes\": [18446744073709551615, -9223372036854775808, 7]",
            none),
        Arguments.of("/query_by_hash", mooncake + "\"seq_hashes\": []", none));
  }

  @ParameterizedTest
  @MethodSource("answered")
  void aRequestIsAnsweredInTheShapeThatItAsksFor(String path, String fields, String answer) {
    assertThat(ok(SERVICE.postAs("t", path, "{" + fields + "}")))
        .as("%s %s", path, fields)
        .isEqualTo(Service.json(answer));
  }

  @Test
  void anotherTenantIsToldOfItsOwnBlocksAlone() {
    String query = "{\"model\": \"tiny-llama\", \"block_size\": 4, " + TOKENS + "}";
    assertThat(ok(SERVICE.postAs("b", "/query", query)).toString())
        .contains("alien")
        .doesNotContain("w0");
    assertThat(SERVICE.getAs("b", "/dump").body()).contains("alien").doesNotContain("w0");
    assertThat(SERVICE.getAs("t", "/dump").body())
        .contains("\"instance_name\":\"w0\"", "\"worker_id\":" + W0, CHAIN.get(3).hex())
        .doesNotContain("alien")
        .doesNotContain("redis");
    assertThat(SERVICE.getAs("c", "/dump").body()).isEqualTo("{}");
    for (String path : List.of("/register", "/unregister", "/query", "/query_by_hash")) {
      String body =
          "{\"model\": \"tiny-llama\", \"tenant_id\": \"t\", \"instance_id\": \"w0\","
              + " \"endpoint\": \"tcp://h:1\", \"block_size\": 4, \"seq_hashes\": [1], "
              + TOKENS
              + "}";
      assertThat(problem(403, "forbidden", SERVICE.postAs("b", path, body))).contains("tenant_id");
    }
  }

  static Stream<Arguments> refused() {
    String model = "\"model\": \"tiny-llama\", ";
    String worker = model + "\"block_size\": 4, \"endpoint\": \"tcp://h:1\"";
    return Stream.of(
        Arguments.of(400, "/query", TOKENS, "name the model"),
        Arguments.of(400, "/query", "\"model\": \"m\"", "token_ids"),
        Arguments.of(400, "/query", model + "\"token_ids\": [-1]", "token"),
        Arguments.of(400, "/query", model + "\"instance_id\": -1, " + TOKENS, "instance_id"),
        Arguments.of(400, "/query", model + "\"instance_id\": [], " + TOKENS, "instance_id"),
        Arguments.of(400, "/query", model + "\"block_size\": 0, " + TOKENS, "block_tokens"),
        Arguments.of(422, "/query", model + "\"lora_id\": 1, " + TOKENS, "lora_name"),
        Arguments.of(422, "/query", model + "\"routing_group\": \"g\", " + TOKENS, "groups"),
        Arguments.of(400, "/query_by_hash", model + "\"x\": 1", "exactly one"),
        Arguments.of(
            400,
            "/query_by_hash",
            model + "\"seq_hashes\": [1], \"block_hash\": [1]",
            "exactly one"),
        Arguments.of(400, "/query_by_hash", model + "\"seq_hashes\": [\"ab\"]", "hash 0"),
        Arguments.of(400, "/query_by_hash", model + "\"seq_hashes\": [1, null]", "hash 1"),
        Arguments.of(400, "/query_by_hash", model + "\"seq_hashes\": [1.5]", "hash 0"),
        Arguments.of(
            400, "/query_by_hash", model + "\"seq_hashes\": [18446744073709551616]", "hash 0"),
        Arguments.of(
            400, "/query_by_hash", model + "\"seq_hashes\": [1, " + hexes(1) + "]", "not both"),
        Arguments.of(
            422,
            "/query_by_hash",
            model + "\"seq_hashes\": [" + hexes(1) + "," + hexes(1) + "]",
            "twice"),
        Arguments.of(400, "/register", worker, "instance_id"),
        Arguments.of(
            400, "/register", "\"instance_id\": \"w\", " + model + "\"block_size\": 4", "endpoint"),
        Arguments.of(400, "/register", "\"instance_id\": \"w:dp1\", " + worker, "dp_rank"),
        Arguments.of(400, "/register", "\"instance_id\": \"-\", " + worker, "instance_id"),
        Arguments.of(
            400, "/register", "\"instance_id\": \"w\", \"dp_rank\": -1, " + worker, "dp_rank"),
        Arguments.of(
            400,
            "/register",
            "\"instance_id\": \"w\", \"block_size\": 4, \"model\": \"m\","
                + " \"endpoint\": \"ipc:///x\"",
            "tcp://"),
        Arguments.of(
            422,
            "/register",
            "\"instance_id\": \"w\", \"type\": \"Mooncake\", " + worker,
            "tokens"),
        Arguments.of(
            422,
            "/register",
            "\"instance_id\": \"w\", \"additionalsalt\": \"w8a8\", " + worker,
            "kv_dtype"),
        Arguments.of(400, "/unregister", model + "\"dp_rank\": 0", "instance_id"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void whatCannotBeAnsweredIsRefusedAndNamed(int status, String path, String fields, String named) {
    HttpResponse<String> answer = SERVICE.postAs("t", path, "{" + fields + "}");
    String code = status == 400 ? "malformed_request" : "impossible_request";
    assertThat(problem(status, code, answer)).as("%s %s", path, fields).contains(named);
  }

  @Test
  void noObjectIsNoRequest() {
    for (String path : List.of("/register", "/unregister", "/query", "/query_by_hash")) {
      for (String body : List.of("", "{", "[]", "null", "7", "{\"a\":1,\"a\":2}")) {
        problem(400, "malformed_request", SERVICE.postAs("t", path, body));
      }
    }
  }

  @Test
  void moreBlocksThanTheLimitAreTooMany() {
    String many = String.join(",", Collections.nCopies(131_073, "1"));
    problem(
        413,
        "too_large",
        SERVICE.postAs(
            "t",
            "/query",
            "{\"model\": \"tiny-llama\", \"block_size\": 1, \"token_ids\": [" + many + "]}"));
    problem(
        413,
        "too_large",
        SERVICE.postAs(
            "t", "/query_by_hash", "{\"model_name\": \"m\", \"block_hashes\": [" + many + "]}"));
  }
}
