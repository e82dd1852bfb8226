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
  /** Timer, tag {@code phase}, as in {@code timings_ms}. */
  PHASE("membrane.reconstruction.phase"),
  /** Counter: blocks that the directory named and that could not be had. */
  STALE_BLOCKS("membrane.reconstruction.stale.blocks"),
  /** Counter: fragments that arrived damaged. */
  CORRUPT_FRAGMENTS("membrane.reconstruction.corrupt.fragments"),
  /** Counter: explanations that Redis did not take. */
  LOST_EXPLANATIONS("membrane.reconstruction.lost.explanations");

  private final String id;

  Metric(String id) {
    this.id = id;
  }

  /** Its name in Micrometer's form. */
  String id() {
    return id;
  }
}
