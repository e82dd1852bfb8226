package io.membrane.worker.provider.wire;

import io.membrane.worker.provider.wire.WireOptions.Role;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * OpenAI's chat completions. Prompts of 1,024 tokens and more are cached by themselves, in steps of
 * 128; reads are counted, writes are not and cost nothing.
 */
final class OpenAiWire implements ProviderWire {

  private static final int MINIMUM = 1024;
  private static final int STEP = 128;
  private static final Duration EXTENDED = Duration.ofHours(24);

  private final WireOptions options;

  OpenAiWire(WireOptions options) {
    this.options = options;
  }

  private record Request(
      String model,
      List<Message> messages,
      int maxCompletionTokens,
      boolean stream,
      @Nullable String promptCacheKey,
      @Nullable String promptCacheRetention) {}

  private record Message(Role role, String content) {}

  @Override
  public String path() {
    return "/v1/chat/completions";
  }

  @Override
  public Object request(ProviderPrompt prompt) {
    return new Request(
        options.model(),
        List.of(new Message(options.role(), prompt.text())),
        1,
        false,
        options.promptCacheKey(),
        EXTENDED.equals(options.ttl()) ? "24h" : null);
  }

  @Override
  public Usage usage(JsonNode answer) {
    return new Usage(
        Counts.required(answer, "/usage/prompt_tokens"),
        Counts.optional(answer, "/usage/prompt_tokens_details/cached_tokens"),
        null,
        Counts.orZero(answer, "/usage/completion_tokens"),
        null);
  }

  @Override
  public boolean isCached(Usage usage) {
    return usage.promptTokens() >= MINIMUM;
  }

  /** A share of the blocks, since their own tokens are not the provider's. */
  @Override
  public int warmBlocks(Usage usage, int blocks) {
    int cached = usage.promptTokens() - usage.promptTokens() % STEP;
    return (int) ((long) blocks * cached / usage.promptTokens());
  }
}
