package io.membrane.worker.provider.wire;

import io.membrane.worker.provider.wire.WireOptions.Role;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** OpenAI's chat completions. */
final class OpenAiWire implements ProviderWire {

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
      @Nullable String promptCacheRetention,
      OpenAiCache.@Nullable Options promptCacheOptions) {}

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
        OpenAiCache.retention(options.ttl()),
        OpenAiCache.options(options.ttl()));
  }

  @Override
  public Usage usage(JsonNode answer) {
    return new Usage(
        Counts.required(answer, "/usage/prompt_tokens"),
        Counts.optional(answer, "/usage/prompt_tokens_details/cached_tokens"),
        Counts.optional(answer, "/usage/prompt_tokens_details/cache_write_tokens"),
        Counts.orZero(answer, "/usage/completion_tokens"),
        null);
  }

  @Override
  public boolean isCached(Usage usage) {
    return OpenAiCache.has(usage);
  }

  @Override
  public int warmBlocks(Usage usage, int blocks) {
    return OpenAiCache.blocks(usage, blocks);
  }
}
