package io.membrane.worker.provider.wire;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * OpenAI's prompt cache, the same behind each of its APIs. Prompts of 1,024 tokens and more are
 * cached by themselves, in steps of 128.
 */
final class OpenAiCache {

  /** What is asked for without a word: models keep a prompt for 5 minutes at least. */
  static final Duration SHORT = Duration.ofMinutes(5);

  /** The least that gpt-5.6 and later models keep a prompt. */
  static final Duration LEAST = Duration.ofMinutes(30);

  /** The most that models before keep one. */
  static final Duration MOST = Duration.ofHours(24);

  private static final int MINIMUM = 1024;
  private static final int STEP = 128;

  private OpenAiCache() {}

  /** {@code prompt_cache_options}. */
  record Options(String ttl) {}

  static @Nullable Options options(@Nullable Duration ttl) {
    return LEAST.equals(ttl) ? new Options("30m") : null;
  }

  /** {@code prompt_cache_retention}. */
  static @Nullable String retention(@Nullable Duration ttl) {
    return MOST.equals(ttl) ? "24h" : null;
  }

  static boolean has(Usage usage) {
    return usage.promptTokens() >= MINIMUM;
  }

  /** A share of the blocks, since their own tokens are not the provider's. */
  static int blocks(Usage usage, int blocks) {
    int cached = usage.promptTokens() - usage.promptTokens() % STEP;
    return (int) ((long) blocks * cached / usage.promptTokens());
  }
}
