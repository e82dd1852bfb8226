package io.membrane.worker.provider.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** OpenAI's chat completions. */
final class OpenAiWire extends OpenAiApi {

  OpenAiWire(WireOptions options) {
    super(options);
  }

  private record Request(
      String model,
      List<Message> messages,
      int maxCompletionTokens,
      boolean stream,
      @Nullable String promptCacheKey,
      @Nullable String promptCacheRetention,
      OpenAiCache.@Nullable Options promptCacheOptions) {}

  @Override
  public String path() {
    return "/v1/chat/completions";
  }

  @Override
  public Object request(ProviderPrompt prompt) {
    return new Request(
        options.model(),
        messages(prompt),
        1,
        false,
        options.promptCacheKey(),
        OpenAiCache.retention(options.ttl()),
        OpenAiCache.options(options.ttl()));
  }

  @Override
  public Usage usage(JsonNode answer) {
    return usage(answer, "prompt_tokens", "completion_tokens");
  }
}
