package io.membrane.worker.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class SharedCallsTest {

  private final SharedCalls<String, String> calls = new SharedCalls<>(Duration.ofSeconds(30));
  private final AtomicInteger done = new AtomicInteger();

  @Test
  void whatIsNotUnderWayIsDoneAnew() {
    assertThat(calls.run("a", this::work)).isEqualTo(new SharedCalls.Outcome<>("1", false));
    assertThat(calls.run("a", this::work)).isEqualTo(new SharedCalls.Outcome<>("2", false));
  }

  @Test
  void whoWaitedForOneWhoseTimeRanOutDoesItAgain() throws Exception {
    second(
        new MembraneException(ErrorCode.DEADLINE_EXCEEDED, "late"),
        second -> assertThat(second.get(30, TimeUnit.SECONDS).value()).isEqualTo("1"));
  }

  @Test
  void anyOtherErrorIsSharedWithItsRetryAfter() throws Exception {
    second(
        new MembraneException(ErrorCode.OVERLOADED, "full", null, Duration.ofSeconds(9)),
        second ->
            assertThatThrownBy(() -> second.get(30, TimeUnit.SECONDS))
                .cause()
                .isInstanceOfSatisfying(
                    MembraneException.class,
                    e -> {
                      assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED);
                      assertThat(e.retryAfter()).isEqualTo(Duration.ofSeconds(9));
                    }));
    assertThat(done).hasValue(0);
  }

  private interface Check {
    void of(Future<SharedCalls.Outcome<String>> second) throws Exception;
  }

  /** Checks a call that came while one was under way which ends in {@code error}. */
  private void second(MembraneException error, Check check) throws Exception {
    CountDownLatch began = new CountDownLatch(1);
    CountDownLatch gate = new CountDownLatch(1);
    try (ExecutorService callers = Executors.newCachedThreadPool()) {
      try {
        Future<?> first = callers.submit(() -> calls.run("a", () -> fail(error, began, gate)));
        began.await();
        Thread[] waiting = new Thread[1];
        Future<SharedCalls.Outcome<String>> second =
            callers.submit(() -> {
              waiting[0] = Thread.currentThread();
              return calls.run("a", this::work);
            });
        Awaitility.await()
            .until(() -> waiting[0] != null && waiting[0].getState() == Thread.State.TIMED_WAITING);
        gate.countDown();
        assertThatThrownBy(() -> first.get(30, TimeUnit.SECONDS)).hasCause(error);
        check.of(second);
      } finally {
        gate.countDown();
      }
    }
  }

  private static String fail(MembraneException error, CountDownLatch began, CountDownLatch gate) {
    began.countDown();
    try {
      gate.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw error;
  }

  private String work() {
    return Integer.toString(done.incrementAndGet());
  }
}
