package io.membrane.worker.batch;

/** Hears what the engine did for one work, on the lane's thread. */
@FunctionalInterface
public interface Follower {

  /** One whom it does not matter to. */
  Follower NOBODY = (_, _, _) -> {};

  /**
   * The engine has just done a part of the work.
   *
   * @param tokens of the work that went through it; 0 if it was something else than a chunk
   * @param prompts that went through the engine together
   * @param nanos what it took
   */
  void computed(int tokens, int prompts, long nanos);
}
