package io.membrane.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SharedWorkTest {

  private final Cancellation cancellation = new Cancellation();
  private final CallContext caller = CallContext.of("t", Duration.ofMinutes(1), cancellation);

  @Test
  void workThatOthersWantOutlivesItsCallerUntilTheLastHasLeft() throws Exception {
    AtomicBoolean wanted = new AtomicBoolean(true);
    AtomicInteger asked = new AtomicInteger();
    assertThatThrownBy(() ->
            SharedWork.call(
                caller,
                () -> {
                  asked.incrementAndGet();
                  return wanted.get();
                },
                () -> {
                  cancellation.cancel();
                  await().until(() -> asked.get() >= 2);
                  CallContext.checkDeadline("the work");
                  wanted.set(false);
                  awaitCancelled();
                  CallContext.checkDeadline("the work");
                  return "done";
                }))
        .isInstanceOfSatisfying(
            MembraneException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED));
    assertThat(caller.remaining()).isZero();
  }

  @Test
  void workThatNobodyElseWantsEndsWithItsCaller() throws Exception {
    boolean cancelled =
        SharedWork.call(
            caller,
            () -> false,
            () -> {
              cancellation.cancel();
              return awaitCancelled();
            });
    assertThat(cancelled).isTrue();
  }

  @Test
  void aListenerThatComesLateHearsAtOnceAndOneThatIsClosedNever() {
    AtomicInteger heard = new AtomicInteger();
    cancellation.onCancel(heard::incrementAndGet).close();
    cancellation.cancel();
    assertThat(heard).hasValue(0);
    cancellation.onCancel(heard::incrementAndGet).close();
    cancellation.cancel();
    assertThat(heard).hasValue(1);
  }

  private static boolean awaitCancelled() throws InterruptedException {
    CountDownLatch end = new CountDownLatch(1);
    try (Cancellation.Listener _ = CallContext.onCancel(end::countDown)) {
      return end.await(20, TimeUnit.SECONDS);
    }
  }
}
