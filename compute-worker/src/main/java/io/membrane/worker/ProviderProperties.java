package io.membrane.worker;

import io.membrane.wire.MembershipClient;
import io.membrane.worker.provider.ApiKey;
import io.membrane.worker.provider.wire.WireOptions.Api;
import io.membrane.worker.provider.wire.WireOptions.Role;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.PositiveOrZero;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Who prefills instead of a local model, where {@code membrane.worker.backend} is not {@code
 * local}.
 *
 * @param url base URL; by default the provider's own
 * @param model as the provider calls it
 * @param apiKey the provider's key
 * @param apiKeyFile a file with the key, in place of {@code apiKey}: each call shows what it holds
 *     then
 * @param role whose message a prompt is, at OpenAI and Anthropic
 * @param ttl how long a prompt stays cached; by default as the provider documents it, and unknown
 *     for an inference server
 * @param promptCacheKey OpenAI's routing hint
 * @param kvTransfer whether a vLLM server keeps the KV for a decoding one
 * @param api which of OpenAI's APIs is called
 * @param disaggregated whether an SGLang server is in prefill mode
 * @param node what the directory calls the cache; by default the backend
 * @param cluster cluster of that node
 */
@Validated
@ConfigurationProperties("membrane.worker.provider")
record ProviderProperties(
    @Nullable URI url,
    @Nullable String model,
    @Nullable ApiKey apiKey,
    @Nullable Path apiKeyFile,
    @DefaultValue("system") Role role,
    @Nullable Duration ttl,
    @Nullable String promptCacheKey,
    @DefaultValue("false") boolean kvTransfer,
    @DefaultValue("chat") Api api,
    @DefaultValue("false") boolean disaggregated,
    @Nullable @Pattern(regexp = MembershipClient.NAME) String node,
    @DefaultValue("local") @Pattern(regexp = MembershipClient.NAME) String cluster,
    @DefaultValue @Valid PriceProperties price) {

  /**
   * What the provider takes, each per million tokens; all or none.
   *
   * @param currency ISO 4217
   */
  record PriceProperties(
      @DefaultValue("USD") @Pattern(regexp = "[A-Z]{3}") String currency,
      @Nullable @PositiveOrZero BigDecimal input,
      @Nullable @PositiveOrZero BigDecimal cacheWrite,
      @Nullable @PositiveOrZero BigDecimal cacheRead,
      @Nullable @PositiveOrZero BigDecimal output) {}
}
