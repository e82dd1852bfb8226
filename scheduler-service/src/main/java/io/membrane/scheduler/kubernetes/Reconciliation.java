package io.membrane.scheduler.kubernetes;

import io.membrane.scheduler.kubernetes.KubernetesProperties.Mode;
import org.jspecify.annotations.Nullable;

/**
 * What a call of {@link RoleScaler#reconcile} saw and did.
 *
 * @param replicas what the workloads asked for when they were read; null if they were not
 * @param pods how many of their pods may still hold an accelerator, the terminating included; null
 *     likewise
 * @param message for a person: what was seen, what was done or would be, and what to do about a
 *     failure
 */
public record Reconciliation(
    Mode mode,
    Outcome outcome,
    RoleCounts wanted,
    @Nullable RoleCounts replicas,
    @Nullable RoleCounts pods,
    String message) {

  /** How a call ended. */
  public enum Outcome {
    /** Nothing is done in this mode. */
    OFF,
    /** The replicas are those wanted. */
    STEADY,
    /** The replicas are as near to those wanted as the bounds allow. */
    BOUNDED,
    /** Pods have to go before others may come. */
    WAITING,
    /** One workload was scaled; the next call goes on. */
    SCALED,
    /** One workload would have been scaled in mode apply. */
    WOULD_SCALE,
    /** Somebody else changed the workload at the same moment; nothing was scaled. */
    CONFLICT,
    /** Something does not work; nothing is known to have been scaled. */
    FAILED
  }
}
