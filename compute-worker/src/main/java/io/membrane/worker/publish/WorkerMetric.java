package io.membrane.worker.publish;

/** Names of the worker's own metrics. */
public enum WorkerMetric {
  /**
   * Counter, tag {@code source}: {@code fragment}, {@code shifted}, {@code approximate}, {@code
   * prefill} or {@code embedding}. Tokens.
   */
  TOKENS("membrane.worker.tokens"),
  /** Timer, tag {@code phase}: {@code fetch}, {@code compute} or {@code store}. */
  PREFILL("membrane.worker.prefill"),
  /** Counter: blocks of an asked-for prefix that could not be used. */
  PREFIX_MISSING("membrane.worker.prefix.missing"),
  /**
   * Counter, tag {@code outcome}: {@code won} or {@code lost}, or {@code denied} since too many
   * were sent. Second requests for a part of a prefix.
   */
  HEDGES("membrane.worker.hedges"),
  /** Counter: blocks of an asked-for prefix that were computed before they were there. */
  OUTRUN("membrane.worker.prefix.outrun"),
  /** Counter: blocks that the store already had with other bytes. */
  CONFLICTS("membrane.worker.store.conflicts"),
  /**
   * Counter, tag {@code reason}: the code of the error. Slices of blocks that were to be stored and
   * are not, or of which nobody says that they are.
   */
  UNSTORED("membrane.worker.store.unstored"),
  /** Counter, tag {@code outcome}: {@code sent}, {@code failed} or {@code dropped}. Blocks. */
  DESCRIBED("membrane.worker.described"),
  /** Timer: embedding requests in the engine. */
  EMBEDDING("membrane.worker.embedding"),
  /** Gauge: bytes of transfer blocks that wait for their delivery. */
  TRANSFER_BYTES("membrane.worker.transfer.bytes"),
  /** Gauge: prompts and embedding requests that wait for the engine. */
  QUEUE("membrane.worker.queue"),
  /** Gauge: tokens that those have to compute. */
  QUEUE_TOKENS("membrane.worker.queue.tokens"),
  /** Gauge: how long the first of them has waited, seconds. */
  QUEUE_AGE("membrane.worker.queue.age"),
  /** Timer: passes of chunks through the engine; the rate of its sum is how busy the engine is. */
  CHUNK("membrane.worker.chunk"),
  /** Summary: prompts whose chunks went through together. */
  BATCH("membrane.worker.batch");

  private final String metric;

  WorkerMetric(String metric) {
    this.metric = metric;
  }

  /** The name in the meter registry. */
  public String metric() {
    return metric;
  }
}
