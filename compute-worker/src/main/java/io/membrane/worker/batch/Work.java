package io.membrane.worker.batch;

/**
 * A prompt, or a request of several, that goes through the engine step by step. A lane calls all
 * methods that have an effect on its one thread: {@link #next} and {@link #stepped} in turn until
 * nothing remains, then {@link #finish}, and {@link #close} in any case.
 *
 * @param <S> what the engine advances by a chunk
 * @param <T> what comes of it
 */
public interface Work<S, T> extends AutoCloseable {

  /** Whether the next step is wanted. */
  enum Readiness {
    /** It is. */
    READY,
    /** It may turn out not to be needed: to be taken while nothing else has a step to take. */
    IF_IDLE,
    /** Not before something else has happened, of which the lane is told. */
    WAITING
  }

  /** Whether the next step is wanted now; asked on any thread, and may change at any time. */
  default Readiness readiness() {
    return Readiness.READY;
  }

  /** It was taken in and waits for its turn; on the caller's thread. */
  default void entered() {}

  /** Takes in what has come from elsewhere since the last step; before each step. */
  default void prepare() {}

  /** Whether nothing is left but {@link #finish}. */
  default boolean isDone() {
    return remainingTokens() == 0;
  }

  /** Tokens of KV that it holds in the engine's memory at most, from its first step on. */
  int kvTokens();

  /** Tokens before its next step that it does not compute any more, or never had to. */
  int pastTokens();

  /** Tokens that still have to go through the engine; less after every step. */
  int remainingTokens();

  /** Tokens of the next step. */
  int nextTokens();

  /** What the next step is to advance. */
  S next();

  /**
   * Learns that the step is done.
   *
   * @param nanos what it took
   * @param alone whether nothing else went through the engine with it
   */
  void stepped(long nanos, boolean alone);

  /** The result, once nothing remains. */
  T finish();

  /** Gives the engine's memory back. */
  @Override
  void close();
}
