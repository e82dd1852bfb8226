package io.membrane.reconstruction.execute;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.ReconstructionClient.ContextRequest;
import io.membrane.wire.ReconstructionClient.Deliver;
import io.membrane.wire.ReconstructionClient.Fidelity;
import io.membrane.wire.ReconstructionClient.OnMiss;

/**
 * A request with its defaults filled in, checked as far as it can be without asking anybody.
 *
 * @param prefill whether what is missing is computed
 * @param bytes whether the caller wants the fragments themselves
 */
record Wish(NamespaceRequest namespace, boolean prefill, boolean nextToken, boolean bytes) {

  static Wish of(ContextRequest request, int maxTokens) {
    if ((request.tokens() == null) == (request.text() == null)) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST, "give exactly one of tokens and text");
    }
    if (request.reuse() != null && request.reuse() != Fidelity.EXACT) {
      throw impossible("reuse: this version reuses exact only; leave it out or write exact");
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
        request.deliver() == Deliver.BYTES);
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
