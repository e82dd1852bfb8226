package io.membrane.reconstruction;

/** Every metric of this service. */
enum Metric {
  /**
   * Counter, tag {@code outcome}: {@code reused}, {@code partial}, {@code prefilled}, {@code
   * missing} or an error code.
   */
  CONTEXTS("membrane.reconstruction.contexts"),
  /** Counter, tag {@code source}: {@code fragment}, {@code prefill}, {@code missing}. */
  TOKENS("membrane.reconstruction.tokens"),
  /**
   * Timer, tag {@code phase}, as in {@code timings_ms}, and {@code wait}: for another call that
   * computes the same.
   */
  PHASE("membrane.reconstruction.phase"),
  /** Counter: blocks that the directory named and that could not be had. */
  STALE_BLOCKS("membrane.reconstruction.stale.blocks"),
  /** Counter: fragments that arrived damaged. */
  CORRUPT_FRAGMENTS("membrane.reconstruction.corrupt.fragments"),
  /** Counter: explanations that Redis did not take. */
  LOST_EXPLANATIONS("membrane.reconstruction.lost.explanations"),
  /** Counter: tokens that could be had and were computed, since that is faster. */
  DECLINED_TOKENS("membrane.reconstruction.declined.tokens"),
  /**
   * Counter, tag {@code flight}: contexts whose new blocks were computed under a lease ({@code
   * led}), by another call ({@code joined}), or without asking others ({@code alone}).
   */
  FLIGHTS("membrane.reconstruction.flights");

  private final String id;

  Metric(String id) {
    this.id = id;
  }

  /** Its name in Micrometer's form. */
  String id() {
    return id;
  }
}
