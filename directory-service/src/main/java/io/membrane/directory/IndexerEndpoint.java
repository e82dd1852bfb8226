package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.directory.engine.Engine;
import io.membrane.directory.engine.EngineRegistry;
import io.membrane.directory.engine.ZmqEngines;
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

  private final EngineRegistry registry;
  private final Namespaces namespaces;
  private final Chains chains;
  private final Matches matches;
  private final Image image;
  private final ZmqEngines engines;
  private final Dump dump;

  IndexerEndpoint(
      EngineRegistry registry,
      Namespaces namespaces,
      Chains chains,
      Matches matches,
      Image image,
      ZmqEngines engines) {
    this.registry = registry;
    this.namespaces = namespaces;
    this.chains = chains;
    this.matches = matches;
    this.image = image;
    this.engines = engines;
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
          "Block hashes in hex, or engines' own hashes, as numbers or hex, which only the replica"
              + " that follows an engine knows")
  @PostMapping("/query_by_hash")
  Object queryByHash(@Valid @RequestBody HashQuery query) {
    IndexerFields.check(query.tenantId(), query.routingGroup());
    String model = IndexerFields.model(query.modelName(), query.modelname(), query.model());
    IndexerHashes hashes =
        IndexerHashes.of(query.seqHashes(), query.blockHashes(), query.blockHash());
    Overlaps overlaps = new Overlaps();
    Set<Namespace> known = addEngines(overlaps, model, null);
    add(overlaps, chains.of(null, null, hashes.blocks()).blocks(), 0);
    for (Namespace namespace : known) {
      List<BlockHash> chain =
          engines.chain(CallContext.tenantOfCall(), namespace, hashes.engineNames());
      if (!chain.isEmpty()) {
        add(overlaps, chain, namespace.blockTokens());
      }
    }
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
}
