package io.membrane.directory;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.membrane.block.Namespace;
import io.membrane.directory.engine.Engine;
import io.membrane.directory.engine.EngineRegistry;
import io.membrane.directory.engine.EngineState;
import io.membrane.directory.indexer.Rank;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.NamespaceRequest;
import io.swagger.v3.oas.annotations.Operation;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;

/**
 * Registers engines as the KV indexers of Mooncake and of Dynamo do: other words for what {@link
 * EngineEndpoint} does.
 */
@RestController
class IndexerWorkerEndpoint {

  private static final String DEFAULT_CLUSTER = "local";
  private static final String ZMQ = "zmq";

  private final EngineRegistry registry;
  private final Namespaces namespaces;

  IndexerWorkerEndpoint(EngineRegistry registry, Namespaces namespaces) {
    this.registry = registry;
    this.namespaces = namespaces;
  }

  /**
   * A publisher of KV events.
   *
   * @param instanceId text or an unsigned 64-bit number
   * @param type of the publisher; only a Mooncake store's is refused
   * @param blockSize the engine's
   * @param dpRank absent: 0
   * @param cluster our field; absent: {@value #DEFAULT_CLUSTER}
   * @param revision our field, as {@code kvDtype}; absent: the directory's default
   * @param layers our field; absent: 1
   */
  record Registration(
      @Nullable JsonNode instanceId,
      @NotBlank @Size(max = 512) String endpoint,
      @Nullable @Size(max = 512) String replayEndpoint,
      @Nullable @Size(max = 64) String type,
      @Nullable @Size(max = 256) String modelName,
      @Nullable @Size(max = 256) String modelname,
      @Nullable @Size(max = 256) String model,
      @Nullable String tenantId,
      @Nullable String routingGroup,
      @NotNull Integer blockSize,
      @Nullable Integer dpRank,
      @Nullable String additionalSalt,
      @Nullable String additionalsalt,
      @Nullable @Size(max = 256) String cluster,
      @Nullable @Size(max = 256) String revision,
      @Nullable @Size(max = 32) String kvDtype,
      @Nullable Integer layers) {}

  /**
   * Which engines are to be followed no longer.
   *
   * @param dpRank absent: all of the instance
   */
  record Removal(
      @Nullable JsonNode instanceId,
      @Nullable String modelName,
      @Nullable String modelname,
      @Nullable String model,
      @Nullable String tenantId,
      @Nullable String routingGroup,
      @Nullable Integer dpRank) {}

  record Ok(String status) {}

  record Registered(String status, String instanceId) {}

  record Unregistered(String status, List<String> removedInstances) {}

  record Listener(String endpoint, String status) {}

  /**
   * An instance.
   *
   * @param instanceId {@link Rank#id} of its name
   */
  record Worker(
      BigInteger instanceId,
      String instanceName,
      String source,
      String status,
      String modelName,
      int blockSize,
      Map<Integer, String> endpoints,
      Map<Integer, Listener> listeners) {}

  /** A publisher, in Mooncake's words. */
  record Service(
      @JsonProperty("Endpoint") String endpoint,
      @JsonProperty("ReplayEndpoint") String replayEndpoint,
      @JsonProperty("ModelName") String modelName,
      @JsonProperty("TenantID") String tenantId,
      @JsonProperty("InstanceID") String instanceId,
      @JsonProperty("BlockSize") int blockSize,
      @JsonProperty("DPRank") int dpRank) {}

  record Services(int count, List<Service> services) {}

  private record Group(String instance, Namespace namespace) {}

  @Operation(
      summary = "Follow an engine's KV events",
      description = "As Mooncake's conductor or Dynamo's indexer; 409 if another has its name")
  @PostMapping("/register")
  ResponseEntity<Object> register(@Valid @RequestBody Registration said) {
    IndexerFields.check(said.tenantId(), said.routingGroup());
    String model = IndexerFields.model(said.modelName(), said.modelname(), said.model());
    String instance = IndexerFields.requiredInstance(said.instanceId());
    refuseWhatIsNotServed(said);
    boolean isNew = registry.add(engine(said, instance, model));
    if (said.modelName() == null) {
      return ResponseEntity.ok(new Registered("registered successfully", instance));
    }
    return ResponseEntity.status(isNew ? HttpStatus.CREATED : HttpStatus.OK).body(new Ok("ok"));
  }

  private static void refuseWhatIsNotServed(Registration said) {
    if (IndexerFields.nullIfEmpty(said.additionalSalt()) != null
        || IndexerFields.nullIfEmpty(said.additionalsalt()) != null) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "additional_salt is not known here; say what it stands for by revision and kv_dtype");
    }
    if ("mooncake".equalsIgnoreCase(said.type())) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "the events of a Mooncake store name no tokens; register the engines");
    }
  }

  private Engine engine(Registration said, String instance, String model) {
    String tenant = CallContext.tenantOfCall();
    Namespace namespace =
        namespaces.resolve(
            new NamespaceRequest(model, said.revision(), said.kvDtype(), said.blockSize()));
    try {
      Rank rank = Rank.named(instance, Objects.requireNonNullElse(said.dpRank(), 0));
      return new Engine(
          EngineEndpoint.name("instance_id", rank.node()),
          tenant,
          Objects.requireNonNullElse(said.cluster(), DEFAULT_CLUSTER),
          namespace,
          namespaces.root(namespace, tenant),
          Objects.requireNonNullElse(said.layers(), 1),
          said.endpoint(),
          IndexerFields.nullIfEmpty(said.replayEndpoint()),
          "",
          false);
    } catch (IllegalArgumentException e) {
      throw new MembraneException(ErrorCode.MALFORMED_REQUEST, String.valueOf(e.getMessage()), e);
    }
  }

  @Operation(
      summary = "Follow an instance's engines no longer, and forget what they hold",
      description = "Idempotent")
  @PostMapping("/unregister")
  Object unregister(@Valid @RequestBody Removal said) {
    IndexerFields.check(said.tenantId(), said.routingGroup());
    String called = IndexerFields.requiredInstance(said.instanceId());
    String model = IndexerFields.modelOrNull(said.modelName(), said.modelname(), said.model());
    String tenant = CallContext.tenantOfCall();
    List<String> removed = new ArrayList<>();
    for (Engine engine : registry.of(tenant).keySet()) {
      Rank rank = Rank.of(engine.id());
      if (rank.isOf(called)
          && (said.dpRank() == null || said.dpRank() == rank.number())
          && (model == null || model.equals(engine.namespace().model()))) {
        registry.remove(tenant, engine.id());
        removed.add(String.join("|", rank.instance(), tenant, Integer.toString(rank.number())));
      }
    }
    return said.modelName() != null
        ? new Ok("ok")
        : new Unregistered("unregistered successfully", removed);
  }

  @Operation(summary = "The caller's instances, as Dynamo's indexer lists them")
  @GetMapping("/workers")
  List<Worker> workers(
      @RequestParam(name = "model_name", required = false) @Nullable String model) {
    SortedMap<Group, SortedMap<Integer, Listener>> instances =
        new TreeMap<>(
            Comparator.comparing(Group::instance)
                .thenComparing(group -> group.namespace().toString()));
    registry
        .of(CallContext.tenantOfCall())
        .forEach((engine, state) -> {
          if (model == null || model.equals(engine.namespace().model())) {
            Rank rank = Rank.of(engine.id());
            instances
                .computeIfAbsent(
                    new Group(rank.instance(), engine.namespace()), g -> new TreeMap<>())
                .put(rank.number(), new Listener(engine.endpoint(), status(state)));
          }
        });
    return instances.entrySet().stream().map(e -> worker(e.getKey(), e.getValue())).toList();
  }

  private static Worker worker(Group group, Map<Integer, Listener> listeners) {
    Map<Integer, String> endpoints = new TreeMap<>();
    listeners.forEach((rank, listener) -> endpoints.put(rank, listener.endpoint()));
    List<String> each = listeners.values().stream().map(Listener::status).toList();
    String status =
        each.contains("failed") ? "failed" : each.contains("pending") ? "pending" : "active";
    return new Worker(
        Rank.id(group.instance()),
        group.instance(),
        ZMQ,
        status,
        group.namespace().model(),
        group.namespace().blockTokens(),
        endpoints,
        listeners);
  }

  private static String status(EngineState state) {
    return switch (state.phase()) {
      case PENDING -> "pending";
      case LIVE, REPLAYING -> "active";
      case LOST -> "failed";
    };
  }

  @Operation(summary = "The caller's engines, as Mooncake's conductor lists them")
  @GetMapping("/services")
  Services services() {
    List<Service> services =
        registry.of(CallContext.tenantOfCall()).keySet().stream()
            .map(IndexerWorkerEndpoint::service)
            .toList();
    return new Services(services.size(), services);
  }

  private static Service service(Engine engine) {
    Rank rank = Rank.of(engine.id());
    return new Service(
        engine.endpoint(),
        Objects.requireNonNullElse(engine.replayEndpoint(), ""),
        engine.namespace().model(),
        engine.tenant(),
        rank.instance(),
        engine.namespace().blockTokens(),
        rank.number());
  }
}
