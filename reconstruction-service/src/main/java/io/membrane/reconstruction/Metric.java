package io.membrane.reconstruction;

/** Every metric of this service. */
enum Metric {
  /**
   * Counter, tag {@code outcome}: {@code reused}, {@code partial}, {@code prefilled}, {@code
   * missing} or an error code.
   */
  CONTEXTS("membrane.reconstruction.contexts"),
  /**
   * Counter, tag {@code source}: {@code fragment}, {@code shifted}, {@code approximate}, {@code
   * prefill}, {@code missing}.
   */
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
  FLIGHTS("membrane.reconstruction.flights"),
  /**
   * Counter, tag {@code reason}: tokens that were not reused; {@code not_stored} anywhere, {@code
   * gone} though the directory names them, {@code elsewhere} from where nothing is moved, {@code
   * slower} to fetch than to compute, {@code not_fetched}, or {@code tail}, of which none is kept.
   */
  MISSED_TOKENS("membrane.reconstruction.missed.tokens"),
  /**
   * Counter, seconds: what computing the reused tokens would have taken by the workers' profiles,
   * less what fetching them took.
   */
  SAVED("membrane.reconstruction.saved"),
  /** Gauge: sessions that are known. */
  SESSIONS("membrane.reconstruction.sessions"),
  /**
   * Counter, tag {@code outcome}: {@code asked} of fragment-service ahead, of those {@code useful}
   * or {@code wasted}; {@code left_out} to keep to the bytes per second.
   */
  PREFETCHED_BLOCKS("membrane.reconstruction.prefetched.blocks"),
  /** Counter: bytes of the blocks that were asked for ahead. */
  PREFETCHED_BYTES("membrane.reconstruction.prefetched.bytes"),
  /** Counter: turns for which nothing could be asked ahead. */
  FAILED_PREFETCHES("membrane.reconstruction.failed.prefetches"),
  /**
   * Counter, tag {@code outcome}: similar blocks that were {@code asked} of fragment-service ahead,
   * or {@code left_out} to keep to the bytes per second.
   */
  SEMANTIC_BLOCKS("membrane.reconstruction.semantic.prefetched.blocks"),
  /** Counter: bytes of the similar blocks that were asked for ahead. */
  SEMANTIC_BYTES("membrane.reconstruction.semantic.prefetched.bytes"),
  /** Counter: prompts whose similar blocks could not be asked for ahead. */
  FAILED_SEMANTIC_PREFETCHES("membrane.reconstruction.failed.semantic.prefetches"),
  /** Counter: searches for similar blocks that failed, in part or as a whole. */
  FAILED_SEMANTIC_SEARCHES("membrane.reconstruction.failed.semantic.searches"),
  /** Counter: blocks that were looked for by embedding and that the directory was not told of. */
  LOST_DESCRIPTIONS("membrane.reconstruction.lost.descriptions"),
  /** Counter: contexts of sessions that the directory was not told of. */
  LOST_SESSION_CONTEXTS("membrane.reconstruction.lost.session.contexts");

  private final String id;

  Metric(String id) {
    this.id = id;
  }

  /** Its name in Micrometer's form. */
  String id() {
    return id;
  }
}
