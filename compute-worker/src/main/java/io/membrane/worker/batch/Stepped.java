package io.membrane.worker.batch;

/** Hears of every step of a lane, on its thread. */
@FunctionalInterface
public interface Stepped {

  /**
   * A step is done.
   *
   * @param prompts that went through the engine together
   * @param nanos what it took
   */
  void stepped(int prompts, long nanos);

  /** Who hears of the steps of work that the calling thread hands in. */
  default Follower follower() {
    return Follower.NOBODY;
  }
}
