package io.membrane.worker.batch;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.List;

/** What a lane takes in, and what it refuses at once because it would be too late anyway. */
final class Admission {

  private static final Duration LONGEST_RETRY = Duration.ofMinutes(10);

  /** An estimate errs: only a time that is missed by so much is taken for missed. */
  private static final double DOUBT = 2;

  private final Limits limits;
  private final PrefillTimes times;

  Admission(Limits limits, PrefillTimes times) {
    this.limits = limits;
    this.times = times;
  }

  /**
   * Lets new work pass.
   *
   * @param left until its deadline
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if too much waits, {@link
   *     ErrorCode#DEADLINE_EXCEEDED} if it would end far behind its deadline
   */
  <S> void require(Work<S, ?> work, Duration left, Turns<Ticket<S, ?>> turns) {
    List<Ticket<S, ?>> waiting = turns.waiting();
    List<Ticket<S, ?>> all = turns.all();
    // With nothing begun, one of those that wait is about to.
    int prompts = waiting.size() - (waiting.size() == all.size() ? 1 : 0);
    if (prompts >= limits.prompts()) {
      throw overloaded(
          "%d prompts wait already (membrane.worker.queue-limit)".formatted(waiting.size()), all);
    }
    long tokens = waiting.stream().mapToLong(t -> t.work().remainingTokens()).sum();
    if (!waiting.isEmpty() && tokens + work.remainingTokens() > limits.tokens()) {
      throw overloaded(
          "%d tokens wait already (membrane.worker.queue-tokens)".formatted(tokens), all);
    }
    requireInTime(work, left, all);
  }

  private <S> void requireInTime(Work<S, ?> work, Duration left, List<Ticket<S, ?>> all) {
    double before =
        all.stream()
            .filter(t -> t.work().remainingTokens() <= work.remainingTokens())
            .mapToDouble(t -> millis(t.work()))
            .sum();
    double needed = before + millis(work);
    if (needed > DOUBT * left.toMillis()) {
      throw new MembraneException(
          ErrorCode.DEADLINE_EXCEEDED,
          "the prompt needs about %.0f ms, %.0f of them to wait, and has %d: ask another worker or allow more time (%s)"
              .formatted(needed, before, left.toMillis(), CallContext.DEADLINE_HEADER),
          null,
          retryAfter(before));
    }
  }

  private <S> MembraneException overloaded(String what, List<Ticket<S, ?>> all) {
    double millis = all.stream().mapToDouble(t -> millis(t.work())).sum();
    return new MembraneException(
        ErrorCode.OVERLOADED, what + ": try again or ask another worker", null, retryAfter(millis));
  }

  private double millis(Work<?, ?> work) {
    return times.millis(work.pastTokens(), work.pastTokens() + work.remainingTokens());
  }

  private static Duration retryAfter(double millis) {
    Duration wait = Duration.ofMillis((long) millis);
    return wait.compareTo(LONGEST_RETRY) < 0 ? wait : LONGEST_RETRY;
  }
}
