package io.membrane.scheduler.planning;

/** Where requests can pile up, in the order in which they pass. */
public enum Stage {
  /** The prefill clusters' instances; (3), first term. */
  PREFILL_CLUSTER,
  /** The prefill clusters' links; (3), second term. */
  LINK,
  /** The PD cluster's instances that prefill; (4). */
  LOCAL_PREFILL,
  /** The PD cluster's instances that decode; (5). */
  DECODE
}
