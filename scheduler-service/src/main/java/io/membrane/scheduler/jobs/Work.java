package io.membrane.scheduler.jobs;

/** What a job does. */
@FunctionalInterface
public interface Work {

  /**
   * Does it on the calling thread.
   *
   * @return the result as JSON; whatever is returned after a cancellation is dropped
   * @throws io.membrane.rpc.MembraneException whose detail becomes the reason of the failure
   */
  String run(Progress progress) throws Exception;

  /** How far it is, and whether to go on. Thread-safe. */
  interface Progress {

    /** Says which share is done, 0 to 1; less than before changes nothing. */
    void report(double share);

    /** Whether to stop as soon as possible. */
    boolean isCancelled();
  }
}
