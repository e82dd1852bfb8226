package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.directory.engine.Engine;
import io.membrane.directory.engine.EngineRegistry;
import io.membrane.directory.engine.wire.ExtraKeys;
import io.membrane.directory.indexer.Dump;
import io.membrane.directory.indexer.Overlaps;
import io.membrane.directory.indexer.Rank;
import io.membrane.directory.indexer.Reach;
import io.membrane.directory.location.Image;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.NamespaceRequest;
import io.swagger.v3.oas.annotations.Operation;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;

/**
 * What routers ask the KV indexers of Mooncake and of Dynamo. A request that names its model {@code
 * model_name} is answered as Dynamo does, one with {@code model} or {@code modelname} as Mooncake
 * does.
 */
@RestController
class IndexerEndpoint {

  private static final BigInteger LEAST_HASH = BigInteger.valueOf(Long.MIN_VALUE);
  private static final int HASH_BITS = 64;

  private final EngineRegistry registry;
  private final Namespaces namespaces;
  private final Chains chains;
  private final Matches matches;
  private final Image image;
  private final Dump dump;

  IndexerEndpoint(
      EngineRegistry registry, Namespaces namespaces, Chains chains, Matches matches, Image image) {
    this.registry = registry;
    this.namespaces = namespaces;
    this.chains = chains;
    this.matches = matches;
    this.image = image;
    this.dump = new Dump(image, DirectoryClient.MAX_BLOCKS);
  }

  /**
   * A prompt.
   *
   * @param loraName adapter; absent or empty: none
   * @param loraId refused, unless it means no adapter
   * @param cacheSalt what the engine was told to salt the prompt's first block with
   * @param instanceId absent: all
   * @param blockSize absent: as the caller's engines have it
   */
  record Query(
      @Nullable @Size(max = 256) String modelName,
      @Nullable @Size(max = 256) String modelname,
      @Nullable @Size(max = 256) String model,
      @NotNull Tokens tokenIds,
      @Nullable @Size(max = 256) String loraName,
      @Nullable Long loraId,
      @Nullable @Size(max = 1024) String cacheSalt,
      @Nullable String tenantId,
      @Nullable String routingGroup,
      @Nullable JsonNode instanceId,
      @Nullable Integer blockSize) {}

  /** A prompt's blocks by their names, under one of three names. */
  record HashQuery(
      @Nullable @Size(max = 256) String modelName,
      @Nullable @Size(max = 256) String modelname,
      @Nullable @Size(max = 256) String model,
      @Nullable List<JsonNode> seqHashes,
      @Nullable List<JsonNode> blockHashes,
      @Nullable List<JsonNode> blockHash,
      @Nullable String tenantId,
      @Nullable String routingGroup,
      @Nullable JsonNode instanceId) {}

  @Operation(
      summary = "How much of a prompt each engine holds, by its tokens",
      description = "As Mooncake's conductor answers a model, or Dynamo's indexer a model_name")
  @PostMapping("/query")
  Object query(@Valid @RequestBody Query query) {
    IndexerFields.check(query.tenantId(), query.routingGroup());
    if (query.loraId() != null && query.loraId() > 0) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "lora_id means nothing to other engines; name the adapter by lora_name");
    }
    String model = IndexerFields.model(query.modelName(), query.modelname(), query.model());
    Overlaps overlaps = new Overlaps();
    Set<Namespace> known = addEngines(overlaps, model, query.blockSize());
    if (known.isEmpty()) {
      known.add(namespaces.resolve(new NamespaceRequest(model, null, null, query.blockSize())));
    }
    String first = ExtraKeys.of(query.loraName(), query.cacheSalt());
    String others = ExtraKeys.of(query.loraName(), null);
    for (Namespace namespace : known) {
      List<BlockHash> chain =
          chains.of(namespace, query.tokenIds(), block -> block == 0 ? first : others);
      add(overlaps, chain, namespace.blockTokens());
    }
    return shaped(overlaps, query.modelName() != null, query.instanceId());
  }

  @Operation(
      summary = "How much of a prompt each engine holds, by its blocks' hashes",
      description =
          "Block hashes in hex; numbers are engines' own hashes, which nobody but the engine's"
              + " follower knows, and match nothing")
  @PostMapping("/query_by_hash")
  Object queryByHash(@Valid @RequestBody HashQuery query) {
    IndexerFields.check(query.tenantId(), query.routingGroup());
    String model = IndexerFields.model(query.modelName(), query.modelname(), query.model());
    List<BlockHash> hashes = hashes(query);
    Overlaps overlaps = new Overlaps();
    addEngines(overlaps, model, null);
    add(overlaps, chains.of(null, null, hashes).blocks(), 0);
    return shaped(overlaps, query.modelName() != null, query.instanceId());
  }

  @Operation(
      summary = "Every block that engines hold, as events in Dynamo's form",
      description = "Blocks by their hashes in hex; 413 if they are very many")
  @GetMapping("/dump")
  Map<String, Dump.Blocks> dump() {
    return dump.of(matches.domain(), CallContext.tenantOfCall());
  }

  /** Names the caller's engines of a model; the namespaces of their blocks. */
  private Set<Namespace> addEngines(
      Overlaps overlaps, String model, @Nullable Integer blockTokens) {
    Set<Namespace> known = new LinkedHashSet<>();
    for (Engine engine : registry.known(CallContext.tenantOfCall())) {
      Namespace namespace = engine.namespace();
      if (namespace.model().equals(model)
          && (blockTokens == null || blockTokens == namespace.blockTokens())) {
        overlaps.add(Rank.of(engine.id()), Reach.NONE);
        known.add(namespace);
      }
    }
    return known;
  }

  private void add(Overlaps overlaps, List<BlockHash> chain, int blockTokens) {
    overlaps.add(matches.of(chain, Set.of(), blockTokens, null), image, matches.domain());
  }

  private static Object shaped(
      Overlaps overlaps, boolean isDynamos, @Nullable JsonNode instanceId) {
    String instance = IndexerFields.instance(instanceId);
    if (instance != null) {
      overlaps.keepOnly(instance);
    }
    return isDynamos ? overlaps.dynamo() : Map.of(CallContext.tenantOfCall(), overlaps.mooncake());
  }

  private static List<BlockHash> hashes(HashQuery query) {
    List<List<JsonNode>> given = new ArrayList<>();
    addIfGiven(query.seqHashes(), given);
    addIfGiven(query.blockHashes(), given);
    addIfGiven(query.blockHash(), given);
    if (given.size() != 1) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "give exactly one of seq_hashes, block_hashes and block_hash");
    }
    List<JsonNode> names = given.getFirst();
    if (names.size() > DirectoryClient.MAX_BLOCKS) {
      throw new MembraneException(
          ErrorCode.TOO_LARGE,
          "a query has at most " + DirectoryClient.MAX_BLOCKS + " blocks; ask for the first ones");
    }
    List<BlockHash> hashes = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      JsonNode name = names.get(i);
      if (name.isString()) {
        hashes.add(hash(name.asString(), i));
      } else if (!isEngineHash(name)) {
        throw malformed(i);
      }
    }
    if (!hashes.isEmpty() && hashes.size() < names.size()) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST, "the hashes are all numbers, or all text; not both");
    }
    return hashes;
  }

  private static void addIfGiven(@Nullable List<JsonNode> list, List<List<JsonNode>> given) {
    if (list != null) {
      given.add(list);
    }
  }

  private static BlockHash hash(String hex, int index) {
    try {
      return BlockHash.parse(hex);
    } catch (IllegalArgumentException e) {
      throw malformed(index);
    }
  }

  private static boolean isEngineHash(JsonNode name) {
    if (!name.isIntegralNumber()) {
      return false;
    }
    BigInteger number = name.bigIntegerValue();
    return number.signum() < 0
        ? number.compareTo(LEAST_HASH) >= 0
        : number.bitLength() <= HASH_BITS;
  }

  private static MembraneException malformed(int index) {
    return new MembraneException(
        ErrorCode.MALFORMED_REQUEST,
        "hash %d is neither a block hash of 64 hex digits nor a 64-bit number".formatted(index));
  }
}
