package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.boot.StartupProblem;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.NamespaceRequest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Fills namespaces in and hashes their roots; the only place that sees a sharing salt. */
final class Namespaces {

  private static final String PUBLIC = "";
  private static final int MAX_SALTED = 16;

  private final NamespaceRequest defaults;
  private final Map<String, String> sharingSalts;

  /**
   * @throws StartupProblem if a default could be part of no namespace
   */
  Namespaces(DirectoryProperties properties) {
    this.defaults = properties.defaults().asRequest();
    this.sharingSalts = properties.sharingSalts();
    try {
      new Namespace(
          Objects.requireNonNullElse(defaults.model(), "m"),
          Objects.requireNonNullElse(defaults.revision(), "r"),
          Objects.requireNonNullElse(defaults.kvDtype(), "d"),
          Objects.requireNonNullElse(defaults.blockTokens(), Namespace.DEFAULT_BLOCK_TOKENS));
    } catch (IllegalArgumentException e) {
      throw new StartupProblem(
          "membrane.directory.defaults: " + e.getMessage(),
          "Correct membrane.directory.defaults.model, .revision, .kv-dtype or .block-tokens, or"
              + " remove the property, so that callers have to name the part.");
    }
  }

  /**
   * The namespace with its missing parts from the defaults.
   *
   * @param written null for the defaults alone
   * @throws MembraneException {@link ErrorCode#IMPOSSIBLE_REQUEST} for a part that neither names,
   *     {@link ErrorCode#MALFORMED_REQUEST} for one that no namespace can have
   */
  Namespace resolve(@Nullable NamespaceRequest written) {
    NamespaceRequest asked = Objects.requireNonNullElse(written, NamespaceRequest.DEFAULTS);
    String model = part("model", asked.model(), defaults.model());
    String revision = part("revision", asked.revision(), defaults.revision());
    String kvDtype = part("kv_dtype", asked.kvDtype(), defaults.kvDtype());
    int blockTokens = part("block_tokens", asked.blockTokens(), defaults.blockTokens());
    try {
      return new Namespace(model, revision, kvDtype, blockTokens);
    } catch (IllegalArgumentException e) {
      throw new MembraneException(ErrorCode.MALFORMED_REQUEST, "namespace: " + e.getMessage(), e);
    }
  }

  /** Parent of a tenant's first blocks. */
  BlockHash root(Namespace namespace, String tenant) {
    return BlockHasher.root(namespace, sharingSalts.getOrDefault(tenant, PUBLIC));
  }

  /**
   * Name of a block's tokens wherever they stand, for a tenant.
   *
   * @param extra what besides tokens shapes their KV; empty for nothing
   */
  BlockHash chunk(Namespace namespace, String tenant, Tokens tokens, String extra) {
    return BlockHasher.chunk(namespace, sharingSalts.getOrDefault(tenant, PUBLIC), tokens, extra);
  }

  /**
   * The roots under which a tenant may know blocks of a namespace: its own, that without a salt,
   * and those of tenants who share with it.
   *
   * @param sharesWith whether the tenant sees what another one stores; asked of at most {@value
   *     #MAX_SALTED} tenants
   * @return whether a root is the tenant's own, by root
   */
  Map<BlockHash, Boolean> roots(Namespace namespace, String tenant, Predicate<String> sharesWith) {
    Map<BlockHash, Boolean> roots = new LinkedHashMap<>();
    BlockHash own = root(namespace, tenant);
    roots.put(own, true);
    roots.putIfAbsent(BlockHasher.root(namespace, PUBLIC), false);
    sharingSalts.keySet().stream()
        .sorted()
        .limit(MAX_SALTED)
        .filter(sharesWith)
        .forEach(other -> roots.putIfAbsent(root(namespace, other), false));
    return roots;
  }

  private static <T> T part(String name, @Nullable T asked, @Nullable T fallback) {
    T part = asked != null ? asked : fallback;
    if (part == null) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "the namespace lacks %s and the directory has no default; name it, or configure"
                  .formatted(name)
              + " membrane.directory.defaults."
              + name.replace('_', '-'));
    }
    return part;
  }
}
