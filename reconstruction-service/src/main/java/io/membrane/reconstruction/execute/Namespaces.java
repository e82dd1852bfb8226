package io.membrane.reconstruction.execute;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.membrane.block.Namespace;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.ResolvedNamespace;
import io.membrane.wire.NamespaceRequest;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Roots of namespaces for tenants, asked of the directory and kept for a moment. Thread-safe. */
final class Namespaces {

  private static final Duration KEPT = Duration.ofSeconds(30);
  private static final int MOST = 10_000;

  private record Asked(String tenant, NamespaceRequest namespace) {}

  private final DirectoryClient directory;
  private final Cache<Asked, ResolvedNamespace> roots =
      Caffeine.newBuilder().maximumSize(MOST).expireAfterWrite(KEPT).build();

  Namespaces(DirectoryClient directory) {
    this.directory = directory;
  }

  /**
   * Checks the parts that are there.
   *
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} if one cannot be
   */
  static NamespaceRequest checked(@Nullable NamespaceRequest asked) {
    if (asked == null) {
      return NamespaceRequest.DEFAULTS;
    }
    try {
      Namespace _ =
          new Namespace(
              Objects.requireNonNullElse(asked.model(), "any"),
              Objects.requireNonNullElse(asked.revision(), "any"),
              Objects.requireNonNullElse(asked.kvDtype(), "any"),
              Objects.requireNonNullElse(asked.blockTokens(), Namespace.DEFAULT_BLOCK_TOKENS));
      return asked;
    } catch (IllegalArgumentException e) {
      throw new MembraneException(ErrorCode.MALFORMED_REQUEST, "namespace: " + e.getMessage(), e);
    }
  }

  /** The namespace with its root for the calling tenant. */
  ResolvedNamespace resolve(NamespaceRequest asked) {
    Asked key = new Asked(CallContext.tenantOfCall(), asked);
    @Nullable ResolvedNamespace known = roots.getIfPresent(key);
    if (known == null) {
      known = Answers.resolved(directory.resolve(asked));
      roots.put(key, known);
    }
    return known;
  }

  /** Asks again next time: somebody else hashes otherwise. */
  void forget(NamespaceRequest asked) {
    roots.invalidate(new Asked(CallContext.tenantOfCall(), asked));
  }
}
