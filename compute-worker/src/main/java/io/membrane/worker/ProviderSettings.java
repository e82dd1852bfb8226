package io.membrane.worker;

import io.membrane.block.Namespace;
import io.membrane.boot.SecretFile;
import io.membrane.boot.StartupProblem;
import io.membrane.worker.ProviderProperties.PriceProperties;
import io.membrane.worker.provider.ApiKey;
import io.membrane.worker.provider.Prices;
import io.membrane.worker.provider.ProviderModel;
import io.membrane.worker.provider.wire.Backend;
import io.membrane.worker.provider.wire.WireOptions;
import io.membrane.worker.provider.wire.WireOptions.Api;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The configured provider, or what to write instead. */
record ProviderSettings(
    Backend backend, URI url, Supplier<ApiKey> key, ProviderModel model, @Nullable Prices prices) {

  private static final String PREFIX = "membrane.worker.provider.";
  private static final String NO_KV = "none";

  static ProviderSettings of(WorkerProperties worker, ProviderProperties properties) {
    Backend backend =
        Backend.ofWord(worker.backend())
            .orElseThrow(() ->
                new StartupProblem(
                    LocalBackend.PROPERTY + " is '" + worker.backend() + "'.",
                    "Write %s, or one of %s.".formatted(LocalBackend.WORD, Backend.words())));
    requireNothingLocal(worker);
    requireOwn(properties.kvTransfer(), "kv-transfer is true", Backend.VLLM, backend);
    requireOwn(properties.disaggregated(), "disaggregated is true", Backend.SGLANG, backend);
    requireOwn(properties.api() != Api.CHAT, "api is set", Backend.OPENAI, backend);
    return new ProviderSettings(
        backend,
        url(backend, properties.url()),
        keys(backend, properties),
        model(backend, worker, properties),
        prices(properties.price()));
  }

  private static void requireOwn(boolean isSet, String what, Backend owner, Backend backend) {
    if (isSet && backend != owner) {
      throw new StartupProblem(
          "%s%s, which is for %s alone, and %s is '%s'."
              .formatted(PREFIX, what, owner.word(), LocalBackend.PROPERTY, backend.word()),
          "Leave it out.");
    }
  }

  private static void requireNothingLocal(WorkerProperties worker) {
    if (worker.model() != null || worker.describeBlocks()) {
      throw new StartupProblem(
          "membrane.worker.%s is for a model that is computed here, and %s is '%s'."
              .formatted(
                  worker.model() != null ? "model" : "describe-blocks",
                  LocalBackend.PROPERTY,
                  worker.backend()),
          "Leave it out; the provider's model is " + PREFIX + "model.");
    }
  }

  private static URI url(Backend backend, @Nullable URI configured) {
    URI url = configured;
    if (url == null && backend.defaultUrl() != null) {
      url = URI.create(backend.defaultUrl());
    }
    if (url == null || !isPlain(url)) {
      throw new StartupProblem(
          PREFIX + "url is " + (url == null ? "not set." : "not a plain http or https URL."),
          "Write the server's base URL, such as http://vllm:8000, without user, query or fragment;"
              + " a key goes into "
              + PREFIX
              + "api-key.");
    }
    return url;
  }

  private static boolean isPlain(URI url) {
    return url.getHost() != null
        && List.of("http", "https").contains(String.valueOf(url.getScheme()))
        && Stream.of(url.getRawUserInfo(), url.getRawQuery(), url.getRawFragment())
            .allMatch(Objects::isNull);
  }

  private static Supplier<ApiKey> keys(Backend backend, ProviderProperties properties) {
    Path file = properties.apiKeyFile();
    if (file == null) {
      ApiKey fixed = key(backend, properties.apiKey());
      return () -> fixed;
    }
    if (properties.apiKey() != null) {
      throw new StartupProblem(
          PREFIX + "api-key and " + PREFIX + "api-key-file are set.", "Keep the one or the other.");
    }
    SecretFile secret = new SecretFile(PREFIX + "api-key-file", file);
    ApiKey first = key(backend, new ApiKey(secret.current()));
    AtomicReference<ApiKey> last = new AtomicReference<>(first);
    return () -> {
      ApiKey now = new ApiKey(secret.current());
      return now.isSendable() ? last.updateAndGet(before -> now) : last.get();
    };
  }

  private static ApiKey key(Backend backend, @Nullable ApiKey configured) {
    if (configured == null && backend.needsKey()) {
      throw new StartupProblem(
          PREFIX + "api-key is not set, and " + backend.word() + " answers nobody without one.",
          "Set MEMBRANE_WORKER_PROVIDER_APIKEY, or have a file of secrets read by"
              + " spring.config.import=configtree:/run/secrets/ with the file "
              + PREFIX
              + "api-key.");
    }
    if (configured != null && !configured.isSendable()) {
      throw new StartupProblem(
          PREFIX + "api-key is empty, or holds blanks or characters that no header can carry.",
          "Write the key as the provider gave it.");
    }
    return configured == null ? new ApiKey("") : configured;
  }

  private static ProviderModel model(
      Backend backend, WorkerProperties worker, ProviderProperties properties) {
    String name = properties.model();
    if (name == null || name.isBlank()) {
      throw new StartupProblem(
          PREFIX + "model is not set.", "Write the model's name as " + backend.word() + " has it.");
    }
    WireOptions options =
        new WireOptions(
            name,
            properties.role(),
            properties.ttl(),
            properties.promptCacheKey(),
            properties.kvTransfer(),
            properties.api(),
            properties.disaggregated());
    return new ProviderModel(
        backend,
        namespace(backend, name, worker, properties),
        options,
        lifetime(backend, properties.ttl()),
        worker.maxTokens());
  }

  private static @Nullable Duration lifetime(Backend backend, @Nullable Duration ttl) {
    if (ttl != null && !backend.takesLifetime(ttl)) {
      throw new StartupProblem(
          "%sttl is %s, which %s does not offer.".formatted(PREFIX, ttl, backend.word()),
          "Write 5m, 30m or 24h for openai, 5m or 1h for anthropic, else 1s to 24h.");
    }
    return ttl != null ? ttl : backend.defaultLifetime();
  }

  /** Of tokens the engine's own; of text a namespace apart, since its tokens are bytes. */
  private static Namespace namespace(
      Backend backend, String model, WorkerProperties worker, ProviderProperties properties) {
    boolean isText = !backend.takesTokens();
    if (isText && worker.kvDtype() != null) {
      throw new StartupProblem(
          "membrane.worker.kv-dtype is set, and " + backend.word() + " gives no KV.",
          "Leave it out.");
    }
    try {
      return new Namespace(
          Objects.requireNonNullElse(
              worker.modelId(), isText ? "provider:%s/%s".formatted(backend.word(), model) : model),
          Objects.requireNonNullElse(
              worker.revision(), isText ? form(backend, properties) : "main"),
          Objects.requireNonNullElse(worker.kvDtype(), NO_KV),
          worker.blockTokens());
    } catch (IllegalArgumentException e) {
      throw new StartupProblem(
          "The model cannot be named: " + e.getMessage(),
          "Set membrane.worker.model-id and membrane.worker.revision.");
    }
  }

  /** How a text is put into a request: in another form it is another prompt. */
  private static String form(Backend backend, ProviderProperties properties) {
    if (backend == Backend.OLLAMA) {
      return "raw";
    }
    String role = properties.role().name().toLowerCase(Locale.ROOT);
    return properties.api() == Api.RESPONSES ? "responses-" + role : role;
  }

  private static @Nullable Prices prices(PriceProperties price) {
    if (price.input() != null
        && price.cacheWrite() != null
        && price.cacheRead() != null
        && price.output() != null) {
      return new Prices(
          price.currency(), price.input(), price.cacheWrite(), price.cacheRead(), price.output());
    }
    if (Stream.of(price.input(), price.cacheWrite(), price.cacheRead(), price.output())
        .anyMatch(Objects::nonNull)) {
      throw new StartupProblem(
          "Of " + PREFIX + "price.* some are missing.",
          "Write input, cache-write, cache-read and output, per million tokens, or none.");
    }
    return null;
  }
}
