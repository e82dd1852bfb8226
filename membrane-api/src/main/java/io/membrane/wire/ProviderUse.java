package io.membrane.wire;

import java.math.BigDecimal;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a provider's own prompt cache did. Tokens are the provider's, as it counts them.
 *
 * @param name the backend, e.g. {@code anthropic}
 * @param shared whether another call of the same prompt was under way and its request served this
 *     one too; that call's answer has the cost
 * @param cachedTokens tokens read from its cache; null if it does not say
 * @param cacheWriteTokens tokens written to it, where these are counted apart; null otherwise
 * @param uncachedTokens the prompt's other tokens
 * @param outputTokens tokens that had to be generated for the prompt's sake
 * @param expiresAtMs Unix time until which the prompt may be taken for cached; null if it is not,
 *     or nobody knows how long
 * @param cost null if no prices are configured
 * @param kvTransferParams what a decoding engine needs to fetch the KV from this one; null if it
 *     gave none
 */
public record ProviderUse(
    String name,
    boolean shared,
    @Nullable Long cachedTokens,
    @Nullable Long cacheWriteTokens,
    long uncachedTokens,
    long outputTokens,
    @Nullable Long expiresAtMs,
    @Nullable Cost cost,
    @Nullable Map<String, Object> kvTransferParams) {

  /**
   * What was spent.
   *
   * @param currency as configured, ISO 4217
   * @param amount in units of the currency
   */
  public record Cost(String currency, BigDecimal amount) {}
}
