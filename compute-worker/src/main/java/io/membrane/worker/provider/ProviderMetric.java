package io.membrane.worker.provider;

/** Names of the metrics of a worker that has somebody else prefill. */
public enum ProviderMetric {
  /** Timer, tag {@code outcome}: {@code ok} or an error's code. Requests of prompts. */
  CALLS("membrane.worker.provider.calls"),
  /**
   * Counter, tag {@code kind}: {@code uncached}, {@code cache_write}, {@code cache_read} or {@code
   * output}. The provider's tokens.
   */
  TOKENS("membrane.worker.provider.tokens"),
  /** Counter, tag {@code currency}: spent, in its units. */
  COST("membrane.worker.provider.cost"),
  /** Counter: calls that were served by another call's request. */
  SHARED("membrane.worker.provider.shared"),
  /** Counter, tag {@code outcome}: {@code sent} or {@code failed}. Batches of events. */
  EVENTS("membrane.worker.provider.events"),
  /** Gauge: blocks that are taken for cached. */
  BLOCKS("membrane.worker.provider.blocks");

  private final String metric;

  ProviderMetric(String metric) {
    this.metric = metric;
  }

  /** The name in the meter registry. */
  public String metric() {
    return metric;
  }
}
