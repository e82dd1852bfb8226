package io.membrane.scheduler;

import io.membrane.scheduler.routing.Decision;
import io.membrane.wire.SchedulerClient.Transfer;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The last {@value #CAPACITY} decisions, newest first. Thread-safe. */
final class RecentDecisions {

  static final int CAPACITY = 64;

  private final Clock clock;
  private final Deque<Recent> decisions = new ArrayDeque<>(CAPACITY);

  RecentDecisions(Clock clock) {
    this.clock = clock;
  }

  /**
   * A decision as it is shown.
   *
   * @param decidedAtMs Unix time
   */
  record Recent(
      long decidedAtMs,
      int totalTokens,
      String target,
      int incrementalTokens,
      @Nullable Transfer transfer,
      String reason) {}

  synchronized void add(int totalTokens, Decision d) {
    if (decisions.size() == CAPACITY) {
      decisions.removeLast();
    }
    decisions.addFirst(
        new Recent(
            clock.millis(),
            totalTokens,
            d.target(),
            d.incrementalTokens(),
            d.transfer(),
            d.reason()));
  }

  synchronized List<Recent> newestFirst() {
    return List.copyOf(decisions);
  }
}
