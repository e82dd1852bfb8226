package io.membrane.worker.batch;

import java.util.concurrent.Callable;

/**
 * Work that is done at once, in the engine's own way.
 *
 * @param kvTokens tokens of KV that it holds meanwhile
 */
record Errand<S, T>(int kvTokens, Callable<T> call) implements Work<S, T> {

  @Override
  public int pastTokens() {
    return 0;
  }

  @Override
  public int remainingTokens() {
    return 0;
  }

  @Override
  public int nextTokens() {
    return 0;
  }

  @Override
  public S next() {
    throw new IllegalStateException("an errand has no steps");
  }

  @Override
  public void stepped(long nanos, boolean alone) {}

  @Override
  public T finish() {
    try {
      return call.call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("the engine failed", e);
    }
  }

  @Override
  public void close() {}
}
