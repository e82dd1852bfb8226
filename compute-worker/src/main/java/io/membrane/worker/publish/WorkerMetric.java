package io.membrane.worker.publish;

/** Names of the worker's own metrics. */
public enum WorkerMetric {
  /**
   * Counter, tag {@code source}: {@code fragment}, {@code prefill} or {@code embedding}. Tokens.
   */
  TOKENS("membrane.worker.tokens"),
  /** Timer, tag {@code phase}: {@code fetch}, {@code compute} or {@code store}. */
  PREFILL("membrane.worker.prefill"),
  /** Counter: blocks of an asked-for prefix that could not be used. */
  PREFIX_MISSING("membrane.worker.prefix.missing"),
  /** Counter: blocks that the store already had with other bytes. */
  CONFLICTS("membrane.worker.store.conflicts"),
  /** Counter, tag {@code outcome}: {@code sent}, {@code failed} or {@code dropped}. Blocks. */
  DESCRIBED("membrane.worker.described"),
  /** Timer: embedding requests in the engine. */
  EMBEDDING("membrane.worker.embedding"),
  /** Gauge: prompts and embedding requests that wait for the engine. */
  QUEUE("membrane.worker.queue");

  private final String metric;

  WorkerMetric(String metric) {
    this.metric = metric;
  }

  /** The name in the meter registry. */
  public String metric() {
    return metric;
  }
}
