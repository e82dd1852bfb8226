package io.membrane.directory;

import io.membrane.block.Namespace;
import io.membrane.directory.engine.Engine;
import io.membrane.directory.engine.EngineRegistry;
import io.membrane.directory.engine.EngineState;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.MembershipClient;
import io.membrane.wire.NamespaceRequest;
import io.swagger.v3.oas.annotations.Operation;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** The inference engines whose KV events are followed. */
@RestController
class EngineEndpoint {

  private static final Pattern NAME = Pattern.compile(MembershipClient.NAME);

  private final EngineRegistry registry;
  private final Namespaces namespaces;

  EngineEndpoint(EngineRegistry registry, Namespaces namespaces) {
    this.registry = registry;
    this.namespaces = namespaces;
  }

  /**
   * What there is to know of a publisher of KV events; of an engine with several data-parallel
   * ranks, each publishes at a port of its own and is registered by itself.
   *
   * @param endpoint {@code tcp://host:port}
   * @param replayEndpoint the same of its replay; absent: what is missed is not repaired
   * @param topic absent: any
   * @param bind whether the engine connects to the directory at {@code endpoint}
   * @param namespace of its blocks, {@code block_tokens} as the engine has it
   * @param layers of the model, which slices name; absent: 1
   */
  record Registration(
      @NotBlank @Size(max = 256) String cluster,
      @NotBlank @Size(max = 512) String endpoint,
      @Nullable @Size(max = 512) String replayEndpoint,
      @Nullable @Size(max = 256) String topic,
      @Nullable Boolean bind,
      @Nullable NamespaceRequest namespace,
      @Nullable Integer layers) {}

  record Followed(
      String id,
      String cluster,
      Namespace namespace,
      String endpoint,
      @Nullable String replayEndpoint,
      String topic,
      boolean bind,
      EngineState state) {}

  record Engines(List<Followed> engines) {}

  @Operation(summary = "Follow an engine's KV events", description = "Idempotent")
  @PutMapping("/v1/engines/{id}")
  Followed put(@PathVariable String id, @Valid @RequestBody Registration said) {
    String tenant = CallContext.tenantOfCall();
    Namespace namespace = namespaces.resolve(said.namespace());
    Engine engine;
    try {
      engine =
          new Engine(
              name(id),
              tenant,
              said.cluster(),
              namespace,
              namespaces.root(namespace, tenant),
              Objects.requireNonNullElse(said.layers(), 1),
              said.endpoint(),
              said.replayEndpoint(),
              Objects.requireNonNullElse(said.topic(), ""),
              Boolean.TRUE.equals(said.bind()));
    } catch (IllegalArgumentException e) {
      throw new MembraneException(ErrorCode.MALFORMED_REQUEST, String.valueOf(e.getMessage()), e);
    }
    registry.put(engine);
    return get(id);
  }

  @Operation(summary = "The caller's engines, and how far each is followed")
  @GetMapping("/v1/engines")
  Engines engines() {
    return new Engines(
        registry.of(CallContext.tenantOfCall()).entrySet().stream()
            .map(EngineEndpoint::followed)
            .toList());
  }

  @Operation(summary = "How far an engine is followed")
  @GetMapping("/v1/engines/{id}")
  Followed get(@PathVariable String id) {
    return registry.of(CallContext.tenantOfCall()).entrySet().stream()
        .filter(engine -> engine.getKey().id().equals(id))
        .findFirst()
        .map(EngineEndpoint::followed)
        .orElseThrow(
            () -> new MembraneException(ErrorCode.NOT_FOUND, "there is no engine of this name"));
  }

  @Operation(
      summary = "Follow an engine no longer, and forget what it holds",
      description = "204, whether there was one or not")
  @DeleteMapping("/v1/engines/{id}")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void remove(@PathVariable String id) {
    registry.remove(CallContext.tenantOfCall(), name(id));
  }

  private static Followed followed(Map.Entry<Engine, EngineState> followed) {
    Engine engine = followed.getKey();
    return new Followed(
        engine.id(),
        engine.cluster(),
        engine.namespace(),
        engine.endpoint(),
        engine.replayEndpoint(),
        engine.topic(),
        engine.bind(),
        followed.getValue());
  }

  private static String name(String id) {
    return name("id", id);
  }

  /**
   * A name that an engine may have.
   *
   * @param field where it stands
   */
  static String name(String field, String id) {
    if (!NAME.matcher(id).matches()) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          field + " is 1 to 128 letters, digits, '.', '_', ':' and '-', the first no sign");
    }
    return id;
  }
}
