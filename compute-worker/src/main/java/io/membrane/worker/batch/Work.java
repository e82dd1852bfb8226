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
