package io.membrane.reconstruction.plan;

/** What became of a block that was to be reused. */
public enum Arrival {
  /** Its KV was used. */
  USED,
  /** It was computed, since it was there sooner so. */
  OUTRUN,
  /** It could not be had and was computed. */
  MISSING
}
