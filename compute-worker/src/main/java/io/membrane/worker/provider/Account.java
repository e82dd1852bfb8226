package io.membrane.worker.provider;

import io.membrane.rpc.MembraneException;
import io.membrane.wire.ProviderUse.Cost;
import io.membrane.worker.provider.wire.Usage;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Counts what requests take: time, tokens, money. Thread-safe. */
final class Account {

  private final @Nullable Prices prices;
  private final MeterRegistry meters;

  /**
   * @param prices null if cost is not counted
   */
  Account(@Nullable Prices prices, MeterRegistry meters) {
    this.prices = prices;
    this.meters = meters;
    for (String kind : new String[] {"uncached", "cache_write", "cache_read", "output"}) {
      count(kind, 0);
    }
    if (prices != null) {
      meters.counter(ProviderMetric.COST.metric(), "currency", prices.currency());
    }
  }

  /** Measures one request. */
  <T> T timed(Supplier<T> request) {
    long start = System.nanoTime();
    String outcome = "internal";
    try {
      T answer = request.get();
      outcome = "ok";
      return answer;
    } catch (MembraneException e) {
      outcome = e.code().code();
      throw e;
    } finally {
      meters
          .timer(ProviderMetric.CALLS.metric(), "outcome", outcome)
          .record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
    }
  }

  /** Counts what was used, once for each request. */
  void used(Usage usage) {
    count("uncached", usage.uncached());
    count("cache_write", usage.written());
    count("cache_read", usage.cached());
    count("output", usage.outputTokens());
    if (prices != null) {
      meters
          .counter(ProviderMetric.COST.metric(), "currency", prices.currency())
          .increment(prices.cost(usage).amount().doubleValue());
    }
  }

  /**
   * What an answer says of its cost; null without prices.
   *
   * @param shared whether another answer says it
   */
  @Nullable Cost cost(Usage usage, boolean shared) {
    if (prices == null) {
      return null;
    }
    return shared ? prices.nothing() : prices.cost(usage);
  }

  private void count(String kind, int tokens) {
    meters.counter(ProviderMetric.TOKENS.metric(), "kind", kind).increment(tokens);
  }
}
