package io.membrane.wire;

import io.membrane.block.Namespace;
import org.jspecify.annotations.Nullable;

/** A namespace as callers write it: what is missing comes from the directory's defaults. */
public record NamespaceRequest(
    @Nullable String model,
    @Nullable String revision,
    @Nullable String kvDtype,
    @Nullable Integer blockTokens) {

  /** Everything from the defaults. */
  public static final NamespaceRequest DEFAULTS = new NamespaceRequest(null, null, null, null);

  public static NamespaceRequest of(Namespace namespace) {
    return new NamespaceRequest(
        namespace.model(), namespace.revision(), namespace.kvDtype(), namespace.blockTokens());
  }
}
