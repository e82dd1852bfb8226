package io.membrane.worker.provider.wire;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How long OpenAI's prompt cache keeps a prompt, and how that is asked for. */
final class OpenAiCache {

  /** What is asked for without a word: models keep a prompt for 5 minutes at least. */
  static final Duration SHORT = Duration.ofMinutes(5);

  /** The least that gpt-5.6 and later models keep a prompt. */
  static final Duration LEAST = Duration.ofMinutes(30);

  /** The most that models before keep one. */
  static final Duration MOST = Duration.ofHours(24);

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
}
