package io.membrane.wire;

import io.membrane.block.Namespace;
import io.membrane.block.Signature;
import io.membrane.block.Slice;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A model that the worker serves.
 *
 * @param id model id
 * @param signature shape of what the worker stores for the first block; null if it stores none
 * @param capabilities all but {@code warm} if the worker does not say
 * @param needs of a hybrid model, the slices that a match must ask for: a prefix of it is usable
 *     only up to a block that has its state too; null for every other model, which needs the
 *     attention of all layers
 */
public record Model(
    String id,
    String object,
    String ownedBy,
    Namespace namespace,
    @Nullable Signature signature,
    List<Capability> capabilities,
    @Nullable List<Slice> needs) {

  /** What can be had of a model. */
  public enum Capability {
    /** The KV of its blocks. */
    KV,
    /** A prompt cache that is made warm and keeps its KV to itself. */
    WARM,
    /** Prompts may be given as tokens. */
    TOKENS,
    /** Prompts may be given as text. */
    TEXT
  }

  private static final List<Capability> COMPUTING =
      List.of(Capability.KV, Capability.TOKENS, Capability.TEXT);

  public Model {
    capabilities = List.copyOf(Objects.requireNonNullElse(capabilities, COMPUTING));
  }

  /** A model whose KV is computed and stored, and needs the attention of all layers. */
  public Model(String id, String object, String ownedBy, Namespace namespace, Signature signature) {
    this(id, object, ownedBy, namespace, signature, COMPUTING, null);
  }

  /** This model, of which a match must ask for other slices; null for no others. */
  public Model needing(@Nullable List<Slice> slices) {
    return new Model(id, object, ownedBy, namespace, signature, capabilities, slices);
  }

  /** Whether all of these can be had. */
  public boolean offers(Capability... wanted) {
    return capabilities.containsAll(List.of(wanted));
  }
}
