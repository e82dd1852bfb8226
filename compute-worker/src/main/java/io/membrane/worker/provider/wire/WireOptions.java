package io.membrane.worker.provider.wire;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a request says besides the prompt.
 *
 * @param model as the provider calls it
 * @param role whose message the prompt is, where there are messages
 * @param ttl lifetime to ask for; null for the provider's own
 * @param promptCacheKey OpenAI's routing hint; null for none
 * @param kvTransfer whether a vLLM server is to keep the KV for a decoding one
 * @param api which of OpenAI's is called
 * @param disaggregated whether an SGLang server is in prefill mode, and wants to be told that
 *     nobody decodes
 */
public record WireOptions(
    String model,
    Role role,
    @Nullable Duration ttl,
    @Nullable String promptCacheKey,
    boolean kvTransfer,
    Api api,
    boolean disaggregated) {

  /** OpenAI's APIs that a prompt can be sent to. */
  public enum Api {
    CHAT,
    RESPONSES
  }

  /** Whose message a prompt is. */
  public enum Role {
    SYSTEM,
    USER
  }
}
