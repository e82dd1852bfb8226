package io.membrane.worker.batch;

import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A prompt of so many tokens in chunks of one; its result is its name. */
final class FakeWork implements Work<FakeWork, String> {

  final String name;
  final int tokens;
  final CountDownLatch begun = new CountDownLatch(1);
  final CountDownLatch closed = new CountDownLatch(1);
  @Nullable RuntimeException fault;
  volatile int done;
  volatile Readiness readiness = Readiness.READY;

  FakeWork(String name, int tokens) {
    this.name = name;
    this.tokens = tokens;
  }

  @Override
  public Readiness readiness() {
    return readiness;
  }

  @Override
  public int kvTokens() {
    return tokens;
  }

  @Override
  public int pastTokens() {
    return done;
  }

  @Override
  public int remainingTokens() {
    return tokens - done;
  }

  @Override
  public int nextTokens() {
    return 1;
  }

  @Override
  public FakeWork next() {
    begun.countDown();
    return this;
  }

  @Override
  public void stepped(long nanos, boolean alone) {
    int now = done + 1;
    done = now;
  }

  @Override
  public String finish() {
    if (fault != null) {
      throw fault;
    }
    return name;
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
