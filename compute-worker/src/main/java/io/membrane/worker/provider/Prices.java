package io.membrane.worker.provider;

import io.membrane.wire.ProviderUse.Cost;
import io.membrane.worker.provider.wire.Usage;
import java.math.BigDecimal;

/**
 * What a provider takes, each per million tokens.
 *
 * @param currency ISO 4217
 * @param input tokens of the prompt that are neither read from the cache nor written to it
 * @param cacheWrite tokens written to the cache, where these are counted apart
 * @param cacheRead tokens read from it
 * @param output generated tokens
 */
public record Prices(
    String currency,
    BigDecimal input,
    BigDecimal cacheWrite,
    BigDecimal cacheRead,
    BigDecimal output) {

  private static final int PER_MILLION = 6;

  Cost cost(Usage usage) {
    BigDecimal millionfold =
        times(input, usage.uncached())
            .add(times(cacheWrite, usage.written()))
            .add(times(cacheRead, usage.cached()))
            .add(times(output, usage.outputTokens()));
    return new Cost(currency, millionfold.movePointLeft(PER_MILLION));
  }

  Cost nothing() {
    return new Cost(currency, BigDecimal.ZERO);
  }

  private static BigDecimal times(BigDecimal price, int tokens) {
    return price.multiply(BigDecimal.valueOf(tokens));
  }
}
