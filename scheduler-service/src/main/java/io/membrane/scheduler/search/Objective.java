package io.membrane.scheduler.search;

/** What makes a configuration the best. */
public enum Objective {
  /** The highest Λ_max. */
  THROUGHPUT,
  /** The lowest price of a request at Λ_max: instances and egress. */
  COST
}
