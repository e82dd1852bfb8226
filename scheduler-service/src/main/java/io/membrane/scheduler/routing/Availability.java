package io.membrane.scheduler.routing;

/** Whether a cluster takes new prompts. */
public enum Availability {
  /** It takes prompts. */
  UP,
  /** It finishes what it has and takes nothing new. */
  DRAINING,
  /** It, or its link, is not there. */
  GONE
}
