package io.membrane.scheduler.routing;

/** Which rule of {@link RoutingPolicy} had the last word. */
public enum Rule {
  /** Clusters of one role only are there. */
  ONLY_ROLE,
  /** The length of what no cache spares, against the threshold. */
  LENGTH,
  /** The length asked for the prefill cluster, but sending the KV costs more than it saves. */
  TRANSFER_DOES_NOT_PAY,
  /** What the other rules chose would have come too late. */
  DEADLINE,
  /** Where the other rules would have it, it would wait too long. */
  MAX_WAIT
}
