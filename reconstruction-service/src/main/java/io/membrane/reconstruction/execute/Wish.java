package io.membrane.reconstruction.execute;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Reuse;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.ReconstructionClient.ContextRequest;
import io.membrane.wire.ReconstructionClient.Deliver;
import io.membrane.wire.ReconstructionClient.Fidelity;
import io.membrane.wire.ReconstructionClient.OnMiss;
import io.membrane.wire.ReconstructionClient.ShiftedOptions;
import org.jspecify.annotations.Nullable;

/**
 * A request with its defaults filled in, checked as far as it can be without asking anybody.
 *
 * @param prefill whether what is missing is computed
 * @param bytes whether the caller wants the fragments themselves
 * @param shifted how blocks may be reused at other places; null if only exactly
 * @param approximate whether similar blocks may be prefetched and, where something is computed,
 *     reused
 */
record Wish(
    NamespaceRequest namespace,
    boolean prefill,
    boolean nextToken,
    boolean bytes,
    boolean tail,
    @Nullable ShiftedOptions shifted,
    boolean approximate) {

  static Wish of(ContextRequest request, int maxTokens) {
    if ((request.tokens() == null) == (request.text() == null)) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST, "give exactly one of tokens and text");
    }
    if (request.tokens() != null) {
      checkLength(request.tokens().length(), maxTokens);
    }
    boolean nextToken = Boolean.TRUE.equals(request.nextToken());
    boolean prefill = request.onMiss() != OnMiss.REPORT;
    if (nextToken && !prefill) {
      throw impossible("next_token is computed: it needs on_miss prefill, not report");
    }
    return new Wish(
        Namespaces.checked(request.namespace()),
        prefill,
        nextToken,
        request.deliver() == Deliver.BYTES,
        tail(request, prefill),
        shifted(request, prefill),
        request.reuse() == Fidelity.APPROXIMATE);
  }

  private static boolean tail(ContextRequest request, boolean prefill) {
    if (!Boolean.TRUE.equals(request.tail())) {
      return false;
    }
    if (!prefill) {
      throw impossible("tail is computed: it needs on_miss prefill, not report");
    }
    if (request.reuse() != null && request.reuse() != Fidelity.EXACT) {
      throw impossible("tail: behind blocks that are not exact there is none; write reuse exact");
    }
    return true;
  }

  private static @Nullable ShiftedOptions shifted(ContextRequest request, boolean prefill) {
    ShiftedOptions options = request.shifted();
    boolean approximate = request.reuse() == Fidelity.APPROXIMATE;
    if (request.reuse() != Fidelity.SHIFTED && !approximate) {
      if (options != null) {
        throw impossible(
            "shifted: it is for reuse shifted or approximate; leave it out, or write one of them");
      }
      return null;
    }
    if (!prefill) {
      if (approximate && options == null) {
        return null;
      }
      throw impossible("reuse shifted computes: it needs on_miss prefill, not report");
    }
    if (options == null) {
      return new ShiftedOptions(null, null);
    }
    Double share = options.recomputeShare();
    if (share != null && !(share >= 0 && share <= 1)) {
      throw impossible("shifted.recompute_share is 0 to 1, not " + share);
    }
    return options;
  }

  /** How far from a prefill the tenant's policy has to let it go. */
  Reuse reuse() {
    if (approximate) {
      return Reuse.APPROXIMATE;
    }
    return shifted == null ? Reuse.EXACT : Reuse.SHIFTED;
  }

  static void checkLength(int tokens, int maxTokens) {
    if (tokens == 0) {
      throw impossible("the prompt is empty; a context has at least one token");
    }
    if (tokens > maxTokens) {
      throw new MembraneException(
          ErrorCode.TOO_LARGE,
          "the prompt has %d tokens; the limit is %d (membrane.reconstruction.max-tokens)"
              .formatted(tokens, maxTokens));
    }
  }

  private static MembraneException impossible(String detail) {
    return new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, detail);
  }
}
