package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.prefill.Prefill;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Keeps a lane from computing until it is released or closed, and calls beside it. */
final class HeldLane implements AutoCloseable {

  private final CountDownLatch release = new CountDownLatch(1);
  private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
  private final Future<Boolean> held;

  /** Returns once nothing is computed. */
  HeldLane(ComputeLane<Prefill> lane) throws InterruptedException {
    CountDownLatch busy = new CountDownLatch(1);
    held =
        callers.submit(() ->
            lane.load(() -> {
              busy.countDown();
              return release.await(60, TimeUnit.SECONDS);
            }));
    if (!busy.await(10, TimeUnit.SECONDS)) {
      close();
      throw new AssertionError("the lane does not come to hold");
    }
  }

  <T> Future<T> submit(Callable<T> call) {
    return callers.submit(call);
  }

  /** Fails if it was held for longer than its limit. */
  void release() throws Exception {
    release.countDown();
    assertThat(held.get()).isTrue();
  }

  @Override
  public void close() {
    release.countDown();
    callers.close();
  }
}
