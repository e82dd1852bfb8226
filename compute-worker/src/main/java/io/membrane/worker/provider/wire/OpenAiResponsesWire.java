package io.membrane.worker.provider.wire;

import io.membrane.worker.provider.wire.WireOptions.Role;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * OpenAI's responses. An answer is cut short by design and says {@code incomplete}; nothing of it
 * is to be kept there.
 */
final class OpenAiResponsesWire implements ProviderWire {

  /** The least that the API takes. */
  private static final int MAX_OUTPUT_TOKENS = 16;

  private static final List<String> ANSWERED = List.of("incomplete", "completed");

  private final WireOptions options;

  OpenAiResponsesWire(WireOptions options) {
    this.options = options;
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

  private record Message(Role role, String content) {}

  @Override
  public String path() {
    return "/v1/responses";
  }

  @Override
  public Object request(ProviderPrompt prompt) {
    return new Request(
        options.model(),
        List.of(new Message(options.role(), prompt.text())),
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
    return new Usage(
        Counts.required(answer, "/usage/input_tokens"),
        Counts.optional(answer, "/usage/input_tokens_details/cached_tokens"),
        Counts.optional(answer, "/usage/input_tokens_details/cache_write_tokens"),
        Counts.orZero(answer, "/usage/output_tokens"),
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
