package io.membrane.reconstruction.execute;

import io.membrane.block.Namespace;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.NamespaceRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the workers serve at one moment.
 *
 * @param silent why workers that could not be asked could not
 */
record FleetView(List<Served> served, List<MembraneException> silent) {

  FleetView {
    served = List.copyOf(served);
    silent = List.copyOf(silent);
  }

  /**
   * The one served namespace that has all the parts asked for; null if none has.
   *
   * @throws MembraneException {@link ErrorCode#IMPOSSIBLE_REQUEST} if several have
   */
  @Nullable Namespace only(NamespaceRequest asked) {
    List<Namespace> fitting =
        served.stream().filter(s -> s.fits(asked)).map(Served::namespace).distinct().toList();
    if (fitting.size() > 1) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "several namespaces fit: name the model, revision, kv_dtype and block_tokens of one of "
              + words(fitting));
    }
    return fitting.isEmpty() ? null : fitting.getFirst();
  }

  /** One for each cluster whose worker serves it. */
  List<Served> serving(Namespace namespace) {
    return served.stream()
        .filter(s -> s.namespace().equals(namespace))
        .collect(Collectors.toMap(s -> s.cluster().name(), s -> s, (a, b) -> a, LinkedHashMap::new))
        .values()
        .stream()
        .toList();
  }

  /** Why nobody computes: a worker is away that might, or none serves that. */
  MembraneException nobody(String need) {
    if (!silent.isEmpty()) {
      MembraneException first = silent.getFirst();
      return new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE, need + ": " + first.detail(), first);
    }
    return new MembraneException(
        ErrorCode.IMPOSSIBLE_REQUEST,
        need
            + ", and no worker does that for this namespace; served are: "
            + words(served.stream().map(Served::namespace).distinct().toList()));
  }

  private static String words(List<Namespace> namespaces) {
    return namespaces.isEmpty()
        ? "none"
        : namespaces.stream()
            .limit(10)
            .map(n ->
                "%s (revision %s, %s, blocks of %d)"
                    .formatted(n.model(), n.revision(), n.kvDtype(), n.blockTokens()))
            .collect(Collectors.joining("; "));
  }
}
