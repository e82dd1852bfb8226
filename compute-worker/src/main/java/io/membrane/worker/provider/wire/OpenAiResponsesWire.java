package io.membrane.worker.provider.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * OpenAI's responses. An answer is cut short by design and says {@code incomplete}; nothing of it
 * is to be kept there.
 */
final class OpenAiResponsesWire extends OpenAiApi {

  /** The least that the API takes. */
  private static final int MAX_OUTPUT_TOKENS = 16;

  private static final List<String> ANSWERED = List.of("incomplete", "completed");

  OpenAiResponsesWire(WireOptions options) {
    super(options);
  }

  private record Request(
      String model,
      List<Message> input,
      int maxOutputTokens,
      boolean store,
      boolean stream,
      @Nullable String promptCacheKey,
      @Nullable String promptCacheRetention,
      OpenAiCache.@Nullable Options promptCacheOptions) {}

  @Override
  public String path() {
    return "/v1/responses";
  }

  @Override
  public Object request(ProviderPrompt prompt) {
    return new Request(
        options.model(),
        messages(prompt),
        MAX_OUTPUT_TOKENS,
        false,
        false,
        options.promptCacheKey(),
        OpenAiCache.retention(options.ttl()),
        OpenAiCache.options(options.ttl()));
  }

  @Override
  public Usage usage(JsonNode answer) {
    if (!ANSWERED.contains(answer.path("status").asString(""))) {
      throw new BadAnswerException("its status is neither completed nor incomplete");
    }
    return usage(answer, "input_tokens", "output_tokens");
  }
}
