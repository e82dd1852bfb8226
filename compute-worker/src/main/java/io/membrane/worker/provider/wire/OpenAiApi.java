package io.membrane.worker.provider.wire;

import io.membrane.worker.provider.wire.WireOptions.Role;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * What OpenAI's APIs have in common: a message, how tokens are counted, and the prompt cache behind
 * them. Prompts of 1,024 tokens and more are cached by themselves, in steps of 128.
 */
abstract class OpenAiApi implements ProviderWire {

  private static final int MINIMUM = 1024;
  private static final int STEP = 128;

  final WireOptions options;

  OpenAiApi(WireOptions options) {
    this.options = options;
  }

  /** The prompt, in a request. */
  record Message(Role role, String content) {}

  final List<Message> messages(ProviderPrompt prompt) {
    return List.of(new Message(options.role(), prompt.text()));
  }

  /** The counts of an answer that calls its input and its output so. */
  static Usage usage(JsonNode answer, String input, String output) {
    return new Usage(
        Counts.required(answer, "/usage/" + input),
        Counts.optional(answer, "/usage/" + input + "_details/cached_tokens"),
        Counts.optional(answer, "/usage/" + input + "_details/cache_write_tokens"),
        Counts.orZero(answer, "/usage/" + output),
        null);
  }

  @Override
  public final boolean isCached(Usage usage) {
    return usage.promptTokens() >= MINIMUM;
  }

  /** A share of the blocks, since their own tokens are not the provider's. */
  @Override
  public final int warmBlocks(Usage usage, int blocks) {
    int cached = usage.promptTokens() - usage.promptTokens() % STEP;
    return (int) ((long) blocks * cached / usage.promptTokens());
  }
}
