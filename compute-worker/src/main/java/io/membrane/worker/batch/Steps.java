package io.membrane.worker.batch;

import io.membrane.worker.batch.Work.Readiness;
import java.util.List;
import java.util.function.Consumer;

/** Takes a batch through the engine. To be used by the lane's thread. */
final class Steps<S> {

  private final Consumer<List<S>> engine;
  private final Stepped observer;

  Steps(Consumer<List<S>> engine, Stepped observer) {
    this.engine = engine;
    this.observer = observer;
  }

  /** Each one step, as far as it is still wanted; what is done then ends. */
  void step(List<Ticket<S, ?>> batch) {
    try {
      boolean isIdleTurn = batch.getFirst().work().readiness() == Readiness.IF_IDLE;
      batch.forEach(ticket -> ticket.work().prepare());
      List<Ticket<S, ?>> stepping =
          batch.stream().filter(ticket -> ticket.steps(isIdleTurn)).toList();
      if (!stepping.isEmpty()) {
        List<Integer> tokens = stepping.stream().map(ticket -> ticket.work().nextTokens()).toList();
        List<S> next = stepping.stream().map(ticket -> ticket.work().next()).toList();
        long start = System.nanoTime();
        engine.accept(next);
        long nanos = System.nanoTime() - start;
        for (int i = 0; i < stepping.size(); i++) {
          stepping.get(i).follower().computed(tokens.get(i), next.size(), nanos);
          stepping.get(i).work().stepped(nanos, next.size() == 1);
        }
        observer.stepped(next.size(), nanos);
      }
      batch.stream().filter(ticket -> ticket.work().isDone()).forEach(Ticket::finish);
    } catch (RuntimeException | Error e) {
      batch.forEach(ticket -> ticket.fail(e));
    }
  }
}
