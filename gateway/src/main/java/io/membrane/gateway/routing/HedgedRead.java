package io.membrane.gateway.routing;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.Hedging;
import io.membrane.rpc.MembraneException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hc.core5.http.HttpStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A read that is asked of a second instance while the first says nothing for the hedge delay, if
 * {@link Hedging} allows one more. The first answer wins and the other request is broken off; an
 * answer of the second that is an error of its own does not win.
 */
final class HedgedRead {

  private static final Logger log = LoggerFactory.getLogger(HedgedRead.class);

  private final Delivery first;
  private final Delivery second;
  private final Hedging hedging;
  private final CompletableFuture<Optional<Answer>> answerOfSecond = new CompletableFuture<>();
  private boolean isSecondSent;
  private boolean isDecided;

  HedgedRead(Delivery first, Delivery second, Hedging hedging) {
    this.first = first;
    this.second = second;
    this.hedging = hedging;
  }

  /**
   * The answer that came first, its body still to be read.
   *
   * @throws MembraneException what the first request ended with, if neither has an answer
   */
  Answer send(ScheduledExecutorService timer) {
    Callable<Answer> carried = CallContext.carry(second::send);
    Future<?> trigger =
        timer.schedule(() -> begin(carried), hedging.delayNanos(), TimeUnit.NANOSECONDS);
    hedging.sent();
    long start = System.nanoTime();
    try {
      Answer answer = first.send();
      hedging.heard(System.nanoTime() - start);
      return isWonByFirst() ? answer : answerInsteadOf(answer);
    } catch (MembraneException e) {
      if (!isSecondSent()) {
        throw e;
      }
      hedging.heard(System.nanoTime() - start);
      return answerOfSecond.join().orElseThrow(() -> e);
    } finally {
      trigger.cancel(false);
      end();
    }
  }

  private synchronized void begin(Callable<Answer> carried) {
    if (!isDecided && hedging.permits()) {
      isSecondSent = true;
      Thread.ofVirtual().name("hedged-read").start(() -> ask(carried));
    }
  }

  private void ask(Callable<Answer> carried) {
    try {
      Answer answer = carried.call();
      if (answer.response().getCode() >= HttpStatus.SC_INTERNAL_SERVER_ERROR || !decide()) {
        answer.close();
        answerOfSecond.complete(Optional.empty());
        return;
      }
      answerOfSecond.complete(Optional.of(answer));
      first.abort();
    } catch (Exception e) {
      log.debug("the second request has no answer", e);
      answerOfSecond.complete(Optional.empty());
    }
  }

  private boolean isWonByFirst() {
    if (decide()) {
      second.abort();
      return true;
    }
    return false;
  }

  /** Whether nobody had won before. */
  private synchronized boolean decide() {
    boolean isFirst = !isDecided;
    isDecided = true;
    return isFirst;
  }

  private synchronized boolean isSecondSent() {
    return isSecondSent;
  }

  private Answer answerInsteadOf(Answer late) {
    late.close();
    return answerOfSecond.join().orElseThrow();
  }

  private synchronized void end() {
    isDecided = true;
    if (isSecondSent) {
      hedging.ended(answerOfSecond.isDone() && answerOfSecond.join().isPresent());
    }
  }
}
