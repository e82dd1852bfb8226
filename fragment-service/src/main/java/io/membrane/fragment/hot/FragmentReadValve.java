package io.membrane.fragment.hot;

import io.micrometer.core.instrument.Timer;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.apache.coyote.ActionCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code GET} and {@code HEAD} of a fragment that is in memory: 200, 206 and 304, header
 * for header as the endpoint does. Whatever is not plainly one of these, every error among it, is
 * passed on untouched, so that each answer but a hit is decided in one place.
 *
 * <p>Belongs to a context's pipeline. Thread-safe. Blocks while the caller's socket is full, with
 * the connector's write timeout; the lease is closed in every case.
 */
public final class FragmentReadValve extends ValveBase {

  private static final Logger log = LoggerFactory.getLogger(FragmentReadValve.class);

  private final MemoryReads memory;
  private final Map<ReadOutcome, Timer> timers = new EnumMap<>(ReadOutcome.class);
  private final RepeatedReads repeatedReads;

  /**
   * @param timers the timer of each outcome, asked for once
   * @param isDraining whether connections are to be given up with their next answer
   */
  public FragmentReadValve(
      MemoryReads memory, Function<ReadOutcome, Timer> timers, BooleanSupplier isDraining) {
    super(true);
    this.memory = memory;
    for (ReadOutcome outcome : ReadOutcome.values()) {
      this.timers.put(outcome, timers.apply(outcome));
    }
    repeatedReads =
        new RepeatedReads(memory, timer(ReadOutcome.WHOLE), timer(ReadOutcome.BROKEN), isDraining);
  }

  @Override
  public void invoke(Request request, Response response) throws IOException, ServletException {
    Question question = Question.of(request.getCoyoteRequest());
    if (question == null || !isAnswered(question, request, response)) {
      getNext().invoke(request, response);
    }
  }

  private boolean isAnswered(Question question, Request request, Response response) {
    long start = System.nanoTime();
    ReadOutcome outcome = ReadOutcome.ABSENT;
    try (Resident resident = memory.find(question.tenant(), question.key())) {
      Answer answer = resident == null ? null : Answer.to(question, resident);
      if (answer != null) {
        outcome = send(answer, response.getCoyoteResponse());
        if (outcome == ReadOutcome.WHOLE) {
          repeatedReads.learnFrom(request, question, request.getContext());
        }
      } else if (resident != null) {
        return false;
      }
    }
    timer(outcome).record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
    return outcome != ReadOutcome.ABSENT;
  }

  private Timer timer(ReadOutcome outcome) {
    return Objects.requireNonNull(timers.get(outcome));
  }

  /** A connection whose answer stops half-way is cut, so that nothing can pass for the rest. */
  private static ReadOutcome send(Answer answer, org.apache.coyote.Response response) {
    ReadOutcome outcome = ReadOutcome.BROKEN;
    try {
      answer.prepare(response);
      answer.write(response);
      outcome = answer.outcome();
    } catch (IOException e) {
      log.debug("the caller has left, or does not read", e);
    } finally {
      if (outcome == ReadOutcome.BROKEN) {
        response.action(ActionCode.CLOSE_NOW, null);
      }
    }
    return outcome;
  }
}
