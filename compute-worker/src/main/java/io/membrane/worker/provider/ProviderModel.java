package io.membrane.worker.provider;

import io.membrane.block.Namespace;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.Model;
import io.membrane.wire.Model.Capability;
import io.membrane.worker.provider.wire.Backend;
import io.membrane.worker.provider.wire.WireOptions;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A model that somebody else runs, under its name here.
 *
 * @param namespace what its blocks are named with; of a backend that takes only text the tokens are
 *     the UTF-8 bytes of the text
 * @param lifetime how long a prompt stays cached after its last use; null if nobody knows
 * @param maxTokens longest prompt of tokens
 */
public record ProviderModel(
    Backend backend,
    Namespace namespace,
    WireOptions options,
    @Nullable Duration lifetime,
    int maxTokens) {

  /** As the worker lists it. */
  public Model listed() {
    List<Capability> capabilities =
        backend.takesTokens()
            ? List.of(Capability.WARM, Capability.TOKENS, Capability.TEXT)
            : List.of(Capability.WARM, Capability.TEXT);
    return new Model(
        namespace.model(), "model", backend.word(), namespace, null, capabilities, null);
  }

  /**
   * Checks a caller's name for the model.
   *
   * @throws MembraneException {@link ErrorCode#NOT_FOUND} for any but this one's; null passes
   */
  public void requireNamed(@Nullable String name) {
    if (name != null && !name.equals(namespace.model())) {
      throw new MembraneException(
          ErrorCode.NOT_FOUND,
          "model '%s' is not served here, only '%s'".formatted(name, namespace.model()));
    }
  }
}
