package io.membrane.worker.provider.wire;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Who can prefill instead of a local model. */
public enum Backend {
  OPENAI("https://api.openai.com", true, false, Duration.ofMinutes(5)) {
    @Override
    public boolean takesLifetime(Duration ttl) {
      return Set.of(OpenAiCache.SHORT, OpenAiCache.LEAST, OpenAiCache.MOST).contains(ttl);
    }

    @Override
    public ProviderWire wire(WireOptions options) {
      return switch (options.api()) {
        case CHAT -> new OpenAiWire(options);
        case RESPONSES -> new OpenAiResponsesWire(options);
      };
    }
  },
  ANTHROPIC("https://api.anthropic.com", true, false, Duration.ofMinutes(5)) {
    @Override
    public boolean takesLifetime(Duration ttl) {
      return Set.of(Duration.ofMinutes(5), Duration.ofHours(1)).contains(ttl);
    }

    @Override
    public ProviderWire wire(WireOptions options) {
      return new AnthropicWire(options);
    }
  },
  OLLAMA("http://127.0.0.1:11434", false, false, Duration.ofMinutes(5)) {
    @Override
    public ProviderWire wire(WireOptions options) {
      return new OllamaWire(options);
    }
  },
  VLLM(null, false, true, null) {
    @Override
    public ProviderWire wire(WireOptions options) {
      return new VllmWire(options);
    }
  },
  SGLANG(null, false, true, null) {
    @Override
    public ProviderWire wire(WireOptions options) {
      return new SglangWire(options, () -> ThreadLocalRandom.current().nextLong(Long.MAX_VALUE));
    }
  };

  private static final Duration LONGEST = Duration.ofDays(1);

  private final @Nullable String defaultUrl;
  private final boolean needsKey;
  private final boolean takesTokens;
  private final @Nullable Duration defaultLifetime;

  Backend(
      @Nullable String defaultUrl,
      boolean needsKey,
      boolean takesTokens,
      @Nullable Duration defaultLifetime) {
    this.defaultUrl = defaultUrl;
    this.needsKey = needsKey;
    this.takesTokens = takesTokens;
    this.defaultLifetime = defaultLifetime;
  }

  /** The backend that is configured as {@code word}. */
  public static Optional<Backend> ofWord(String word) {
    return Arrays.stream(values()).filter(backend -> backend.word().equals(word)).findFirst();
  }

  /** All words, to be read. */
  public static String words() {
    return Arrays.stream(values()).map(Backend::word).collect(Collectors.joining(", "));
  }

  /** Its name in configuration, answers and metrics. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Where it is; null if only the operator knows. */
  public @Nullable String defaultUrl() {
    return defaultUrl;
  }

  /** Whether it answers nobody without a key. */
  public boolean needsKey() {
    return needsKey;
  }

  /** Whether a prompt is sent as token ids; otherwise as text. */
  public boolean takesTokens() {
    return takesTokens;
  }

  /** How long a prompt stays cached unless configured; null if nobody knows. */
  public @Nullable Duration defaultLifetime() {
    return defaultLifetime;
  }

  /** Whether it, or its operator, can promise this lifetime. */
  public boolean takesLifetime(Duration ttl) {
    return ttl.compareTo(Duration.ofSeconds(1)) >= 0 && ttl.compareTo(LONGEST) <= 0;
  }

  /** Its wire. */
  public abstract ProviderWire wire(WireOptions options);
}
