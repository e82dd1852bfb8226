package io.membrane.worker.provider.wire;

import io.membrane.worker.provider.wire.WireOptions.Role;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Anthropic's messages. The cache is asked for by a breakpoint behind the prompt; a prompt that is
 * too short for the model is answered without it, with counts of 0. No output is asked for, which
 * is how Anthropic wants a cache warmed.
 */
final class AnthropicWire implements ProviderWire {

  private static final String VERSION = "2023-06-01";

  /** There is no prompt without a message of the user's. */
  private static final String NOTHING = ".";

  private final WireOptions options;
  private final CacheControl cacheControl;

  AnthropicWire(WireOptions options) {
    this.options = options;
    this.cacheControl =
        new CacheControl("ephemeral", Duration.ofHours(1).equals(options.ttl()) ? "1h" : "5m");
  }

  private record CacheControl(String type, String ttl) {}

  private record Text(String type, String text, @Nullable CacheControl cacheControl) {}

  private record Message(Role role, List<Text> content) {}

  private record Request(
      String model, int maxTokens, @Nullable List<Text> system, List<Message> messages) {}

  @Override
  public String path() {
    return "/v1/messages";
  }

  @Override
  public Map<String, String> headers(String key) {
    return Map.of("x-api-key", key, "anthropic-version", VERSION);
  }

  @Override
  public Object request(ProviderPrompt prompt) {
    Text cached = new Text("text", prompt.text(), cacheControl);
    Text question = options.role() == Role.SYSTEM ? new Text("text", NOTHING, null) : cached;
    return new Request(
        options.model(),
        0,
        options.role() == Role.SYSTEM ? List.of(cached) : null,
        List.of(new Message(Role.USER, List.of(question))));
  }

  @Override
  public Usage usage(JsonNode answer) {
    int read = Counts.orZero(answer, "/usage/cache_read_input_tokens");
    int written = Counts.orZero(answer, "/usage/cache_creation_input_tokens");
    long prompt = (long) Counts.required(answer, "/usage/input_tokens") + read + written;
    if (prompt > Integer.MAX_VALUE) {
      throw new BadAnswerException("/usage is no count");
    }
    return new Usage(
        (int) prompt, read, written, Counts.orZero(answer, "/usage/output_tokens"), null);
  }

  /** The breakpoint is behind the prompt: all or nothing. */
  @Override
  public boolean isCached(Usage usage) {
    return usage.cached() + usage.written() > 0;
  }
}
