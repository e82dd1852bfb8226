package io.membrane.worker.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.worker.batch.Work.Readiness;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ComputeLaneTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final List<String> steps = Collections.synchronizedList(new ArrayList<>());
  private final Semaphore gate = new Semaphore(0);
  private final PrefillTimes times = new PrefillTimes();
  private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
  private final ComputeLane<FakeWork> lane =
      new ComputeLane<>(new Limits(2, 100, 200, 1), this::step, times, (n, nanos) -> {}, PATIENCE);

  @AfterEach
  void close() {
    gate.release(1_000_000);
    lane.close();
    callers.close();
  }

  private void step(List<FakeWork> works) {
    gate.acquireUninterruptibly();
    works.forEach(work -> steps.add(work.name));
    if (works.getFirst().name.equals("broken")) {
      throw new IllegalArgumentException("as the test wants it");
    }
  }

  private Future<String> run(FakeWork work) {
    return callers.submit(() -> lane.run(work));
  }

  private FakeWork begun(String name, int tokens) throws InterruptedException {
    FakeWork work = new FakeWork(name, tokens);
    Future<String> _ = run(work);
    assertThat(work.begun.await(10, TimeUnit.SECONDS)).isTrue();
    return work;
  }

  @Test
  void aShortPromptOvertakesALongOne() throws Exception {
    FakeWork large = begun("long", 50);
    Future<String> small = run(new FakeWork("short", 3));
    await().until(() -> lane.waiting() == 1);
    gate.release(6);
    assertThat(small.get()).isEqualTo("short");
    assertThat(large.remainingTokens()).isGreaterThan(45);
  }

  @Test
  void beyondTheLimitPromptsAreRefusedWithATimeToComeBack() throws Exception {
    times.measured(100, 10_000);
    FakeWork _ = begun("running", 50);
    Future<String> _ = run(new FakeWork("a", 50));
    Future<String> _ = run(new FakeWork("b", 50));
    await().until(() -> lane.waiting() == 2);
    assertRefused(() -> lane.run(new FakeWork("c", 1)), ErrorCode.OVERLOADED, 15_000);
    assertThat(lane.waitingTokens()).isEqualTo(100);
    assertThat(lane.waitingSeconds()).isPositive();
  }

  @Test
  void tokensThatWaitAreLimited() throws Exception {
    FakeWork _ = begun("running", 50);
    Future<String> _ = run(new FakeWork("a", 90));
    await().until(() -> lane.waiting() == 1);
    assertRefused(() -> lane.run(new FakeWork("b", 11)), ErrorCode.OVERLOADED, 0);
  }

  @Test
  void whatWouldBeFarTooLateIsRefusedAtOnce() throws Exception {
    times.measured(100, 100_000);
    FakeWork _ = begun("running", 20);
    ThrowingCallable late =
        () ->
            CallContext.of("acme", Duration.ofSeconds(10))
                .call(() -> lane.run(new FakeWork("late", 40)));
    assertRefused(late, ErrorCode.DEADLINE_EXCEEDED, 20_000);
  }

  private static void assertRefused(ThrowingCallable call, ErrorCode code, long retryMillis) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            MembraneException.class,
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.retryAfter()).isEqualTo(Duration.ofMillis(retryMillis));
            });
  }

  @Test
  void aCallerWhoGaveUpLeavesBeforeTheNextStep() throws Exception {
    FakeWork work = new FakeWork("gone", 50);
    Future<String> caller = run(work);
    assertThat(work.begun.await(10, TimeUnit.SECONDS)).isTrue();
    caller.cancel(true);
    await()
        .until(() -> {
          gate.release(1);
          return work.closed.getCount() == 0;
        });
    assertThat(work.done).isLessThan(50);
  }

  @Test
  void aDeadlineThatPassesEndsTheWait() {
    FakeWork work = new FakeWork("late", 50);
    assertThatThrownBy(
            () -> CallContext.of("acme", Duration.ofMillis(50)).call(() -> lane.run(work)))
        .isInstanceOfSatisfying(
            MembraneException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED));
    gate.release(1);
    await().until(() -> work.closed.getCount() == 0);
  }

  @Test
  void whatFailsFailsAlone() throws Exception {
    gate.release(100);
    FakeWork unfinished = new FakeWork("unfinished", 2);
    unfinished.fault = new IllegalStateException("as the test wants it");
    assertThatThrownBy(() -> lane.run(unfinished)).isSameAs(unfinished.fault);
    FakeWork broken = new FakeWork("broken", 2);
    assertThatThrownBy(() -> lane.run(broken)).isInstanceOf(IllegalArgumentException.class);
    assertThat(lane.run(new FakeWork("well", 2))).isEqualTo("well");
    assertThat(unfinished.closed.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(broken.closed.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void workThatWaitsIsPassedOverUntilItIsReady() throws Exception {
    gate.release(100);
    FakeWork waiting = new FakeWork("waiting", 2);
    waiting.readiness = Readiness.WAITING;
    Future<String> late = run(waiting);
    await().until(() -> lane.waiting() == 1);
    assertThat(lane.run(new FakeWork("ready", 3))).isEqualTo("ready");
    assertThat(late).isNotDone();
    waiting.readiness = Readiness.READY;
    lane.wake();
    assertThat(late.get()).isEqualTo("waiting");
    assertThat(steps).containsExactly("ready", "ready", "ready", "waiting", "waiting");
  }

  @Test
  void aChunkThatMayNotBeNeededIsComputedOnlyWhileNobodyNeedsTheEngine() throws Exception {
    FakeWork maybe = new FakeWork("maybe", 3);
    maybe.readiness = Readiness.IF_IDLE;
    Future<String> idle = run(maybe);
    assertThat(maybe.begun.await(10, TimeUnit.SECONDS)).isTrue();
    Future<String> needed = run(new FakeWork("needed", 2));
    await().until(() -> lane.waiting() == 1);
    gate.release(3);
    assertThat(needed.get()).isEqualTo("needed");
    gate.release(2);
    assertThat(idle.get()).isEqualTo("maybe");
    assertThat(steps).containsExactly("maybe", "needed", "needed", "maybe", "maybe");
  }

  @Test
  void workThatWaitsLeavesWithItsCaller() throws Exception {
    FakeWork waiting = new FakeWork("gone", 2);
    waiting.readiness = Readiness.WAITING;
    assertThatThrownBy(
            () -> CallContext.of("acme", Duration.ofMillis(50)).call(() -> lane.run(waiting)))
        .isInstanceOf(MembraneException.class);
    assertThat(lane.waiting()).isZero();
    assertThat(lane.drain().get(10, TimeUnit.SECONDS)).isNull();
  }

  @Test
  void idleWorkGivesWayToPrompts() throws Exception {
    FakeWork idle = new FakeWork("idle", 4);
    CompletableFuture<String> measured = lane.whenIdle(idle);
    assertThat(idle.begun.await(10, TimeUnit.SECONDS)).isTrue();
    Future<String> prompt = run(new FakeWork("prompt", 2));
    await().until(() -> lane.waiting() == 1);
    gate.release(3);
    assertThat(prompt.get()).isEqualTo("prompt");
    assertThat(steps).containsExactly("idle", "prompt", "prompt");
    gate.release(3);
    assertThat(measured.get()).isEqualTo("idle");
    assertThat(idle.closed.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aLaneThatDrainsEndsWhatItHasAndTakesNoMore() throws Exception {
    FakeWork idle = new FakeWork("idle", 4);
    CompletableFuture<String> measured = lane.whenIdle(idle);
    assertThat(idle.begun.await(10, TimeUnit.SECONDS)).isTrue();
    Future<String> running = run(new FakeWork("running", 3));
    Future<String> waiting = run(new FakeWork("waiting", 5));
    await().until(() -> lane.waiting() == 2);
    CompletableFuture<?> drained = lane.drain();
    assertThatThrownBy(() -> lane.run(new FakeWork("new", 1)))
        .hasMessageContaining("the worker is shutting down");
    assertThat(drained).isNotDone();
    gate.release(100);
    assertThat(running.get()).isEqualTo("running");
    assertThat(waiting.get()).isEqualTo("waiting");
    drained.get();
    assertThat(measured).isCancelled();
  }

  @Test
  void whatHasNotEndedWhenALaneIsClosedIsTold() throws Exception {
    FakeWork work = new FakeWork("cut", 50);
    Future<String> cut = run(work);
    assertThat(work.begun.await(10, TimeUnit.SECONDS)).isTrue();
    Future<?> closing = callers.submit(lane::close);
    await()
        .until(() -> {
          gate.release(1);
          return closing.isDone();
        });
    assertThatThrownBy(cut::get)
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("the worker is shutting down");
    assertThat(work.closed.getCount()).isZero();
  }
}
