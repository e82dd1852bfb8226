package io.membrane.worker.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.Cancellation;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
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

  @Test
  void whoeverWaitsKeepsTheCallAliveWhenTheFirstLeaves() throws Exception {
    Cancellation first = new Cancellation();
    Cancellation second = new Cancellation();
    CountDownLatch ended = new CountDownLatch(1);
    try (ExecutorService callers = Executors.newCachedThreadPool()) {
      Future<SharedCalls.Outcome<String>> led =
          callers.submit(() -> inContext(first, () -> leftAlone(ended)));
      Awaitility.await().until(() -> done.get() == 1);
      Future<SharedCalls.Outcome<String>> joined =
          callers.submit(() -> inContext(second, this::work));
      try {
        Awaitility.await().until(() -> calls.waiting("a") == 1);
        first.cancel();
        Awaitility.await()
            .during(Duration.ofSeconds(1))
            .atMost(Duration.ofSeconds(20))
            .until(() -> ended.getCount() == 1);
        second.cancel();
        assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
      } finally {
        first.cancel();
        second.cancel();
      }
      for (Future<SharedCalls.Outcome<String>> call : List.of(led, joined)) {
        assertThatThrownBy(() -> call.get(20, TimeUnit.SECONDS))
            .cause()
            .isInstanceOfSatisfying(
                MembraneException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED));
      }
    }
    assertThat(done).hasValue(1);
  }

  private SharedCalls.Outcome<String> inContext(Cancellation cancellation, Supplier<String> work)
      throws Exception {
    return CallContext.of("t", Duration.ofSeconds(60), cancellation)
        .call(() -> calls.run("a", work));
  }

  /** Work that goes on until it is cancelled. */
  private String leftAlone(CountDownLatch ended) {
    done.incrementAndGet();
    try (Cancellation.Listener _ = CallContext.onCancel(ended::countDown)) {
      assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    CallContext.checkCaller("the work");
    return "never";
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
