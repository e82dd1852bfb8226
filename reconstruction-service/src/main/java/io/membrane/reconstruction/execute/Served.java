package io.membrane.reconstruction.execute;

import io.membrane.block.Namespace;
import io.membrane.reconstruction.plan.PrefillProfile;
import io.membrane.wire.Model;
import io.membrane.wire.Model.Capability;
import io.membrane.wire.NamespaceRequest;
import org.jspecify.annotations.Nullable;

/**
 * A model at a cluster's worker.
 *
 * @param profile how fast it computes; null as long as the worker does not say
 */
record Served(Cluster cluster, Model model, @Nullable PrefillProfile profile) {

  Namespace namespace() {
    return model.namespace();
  }

  /** What this worker reads and writes; null if its KV cannot be had. */
  @Nullable Needs needs() {
    return givesKv() ? Needs.of(model) : null;
  }

  /** Whether KV comes of a prefill there; otherwise it warms a provider's own cache. */
  boolean givesKv() {
    return model.offers(Capability.KV);
  }

  /** Whether a prompt has to be text. */
  boolean wantsText() {
    return !model.offers(Capability.TOKENS);
  }

  /** Whether every part that is asked for is this model's; its id may stand for its name. */
  boolean fits(NamespaceRequest asked) {
    return (model.id().equals(asked.model()) || same(asked.model(), namespace().model()))
        && same(asked.revision(), namespace().revision())
        && same(asked.kvDtype(), namespace().kvDtype())
        && same(asked.blockTokens(), namespace().blockTokens());
  }

  private static boolean same(@Nullable Object asked, Object served) {
    return asked == null || asked.equals(served);
  }
}
