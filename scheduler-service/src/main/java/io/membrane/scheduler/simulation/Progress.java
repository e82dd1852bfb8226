package io.membrane.scheduler.simulation;

/** Whoever waits for a simulation. Called on the thread that runs it, every few milliseconds. */
@FunctionalInterface
public interface Progress {

  /**
   * The run has come this far.
   *
   * @param share of its arrivals, in [0, 1]
   * @return false to cancel the run
   */
  boolean goOn(double share);
}
