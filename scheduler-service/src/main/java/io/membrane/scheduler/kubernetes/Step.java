package io.membrane.scheduler.kubernetes;

/**
 * What comes next on the way to the target counts.
 *
 * <p>Goal: the workloads reach the counts while no more pods than instances exist at any time.
 * Constraint: both roles use the same accelerators, and a pod holds its own until it has ended.
 * Algorithm, one step per call, from nothing but what is seen: while a role has more replicas than
 * it should, lower them; then wait until neither has pods that it should no longer have; then raise
 * the role that lacks some. Whoever else changes the workloads meanwhile only changes which step
 * comes next.
 */
sealed interface Step {

  /** A workload gets {@code to} replicas. */
  record Scale(Observed workload, int to) implements Step {}

  /** {@code growing} gets {@code to} replicas when {@code leaving} has lost its surplus pods. */
  record Wait(Observed growing, int to, Observed leaving) implements Step {}

  /** The replicas are what they should be; surplus pods may still be ending. */
  record Done() implements Step {}

  static Step next(RoleCounts targets, Observed prefill, Observed decode) {
    if (prefill.replicas() > targets.prefill()) {
      return new Scale(prefill, targets.prefill());
    }
    if (decode.replicas() > targets.decode()) {
      return new Scale(decode, targets.decode());
    }
    if (prefill.replicas() < targets.prefill()) {
      return grow(prefill, targets.prefill(), decode);
    }
    if (decode.replicas() < targets.decode()) {
      return grow(decode, targets.decode(), prefill);
    }
    return new Done();
  }

  private static Step grow(Observed growing, int to, Observed other) {
    if (other.surplus()) {
      return new Wait(growing, to, other);
    }
    return growing.surplus() ? new Wait(growing, to, growing) : new Scale(growing, to);
  }
}
