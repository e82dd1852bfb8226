package io.membrane.scheduler.simulation;

/**
 * A discrete-event simulation of a fleet.
 *
 * <p>Goals: show what the throughput model cannot, since it has no queues: time to first token
 * under load, bursts, a link that fluctuates, caches that fill, controllers at work. Where nothing
 * varies and nothing waits it agrees with the model.
 *
 * <p>A request arrives, is routed by the scheduler's own policy, waits for an instance of its
 * cluster, is prefilled in T_prefill(uncached tokens), crosses the link if it was offloaded (S_kv
 * of what the PD cluster lacks; the link is shared equally), has its first token, waits for a place
 * in a decode batch and keeps it for T_decode · L_out. Every second of simulated time telemetry is
 * taken and the controllers step.
 *
 * <p>Saturated throughput beside Λ_max: under an overload the stages are always busy, and goodput
 * is what they sustain. With prompts of the two class means ({@link
 * io.membrane.scheduler.simulation.traffic.Prompts.ClassMeans}) this is Λ_max. With prompts of all
 * lengths it is less, because equations (3) and (4) take T_prefill of the mean length while a
 * stage's mean time is the mean of T_prefill, and T_prefill is convex where attention dominates:
 * E[T(L)] ≥ T(E[L]) (J. Jensen, Acta Mathematica 30, 1906).
 *
 * <p>What is simplified: a batch's decode step takes as long as a full batch's; a prefill is not
 * preempted; caches are looked up when a request is routed, not when it starts; what is on a link
 * in an outage waits and is not sent anew elsewhere.
 */
public final class Simulation {

  private Simulation() {}

  /**
   * Runs a simulation on the caller's thread: about 100,000 requests or more in a second.
   *
   * @param progress is told how far it is, and may cancel
   * @throws java.util.concurrent.CancellationException if progress said so
   */
  public static SimulationReport run(SimulationSpec spec, Progress progress) {
    return new Run(spec, progress).run();
  }
}
