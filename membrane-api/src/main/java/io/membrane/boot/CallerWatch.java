package io.membrane.boot;

import io.membrane.rpc.Cancellation;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices callers that close their connection while they wait. HTTP/1.1 has no word for it and
 * Tomcat does not look while a request is served, so that one thread looks at all their sockets
 * every {@value #LOOK_MS} ms. As everywhere, a caller that only ends its sending half counts as
 * gone. Thread-safe.
 */
public final class CallerWatch implements MeterBinder, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(CallerWatch.class);

  private static final String CALLER = CallerWatch.class.getName();

  private static final long LOOK_MS = 250;

  /** Twice the connections that Tomcat takes by default. */
  private static final int MOST = 16_384;

  private final Set<WatchedCaller> callers = ConcurrentHashMap.newKeySet();
  private final LongAdder left = new LongAdder();
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("caller-watch").factory());

  CallerWatch() {
    Future<?> _ = timer.scheduleWithFixedDelay(this::look, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
  }

  /**
   * The request's body is read and done with: from now on its caller's leaving is noticed. To be
   * called by the thread that serves it; without effect where more of the body, or a pipelined
   * request, is there.
   */
  public static void bodyIsRead(HttpServletRequest request) {
    if (request.getAttribute(CALLER) instanceof Entry entry) {
      entry.watch.add(entry.caller);
    }
  }

  /** Whether the caller of a request has left. */
  static Cancellation cancellationOf(HttpServletRequest request) {
    return request.getAttribute(CALLER) instanceof Entry entry
        ? entry.caller.cancellation()
        : new Cancellation();
  }

  private record Entry(CallerWatch watch, WatchedCaller caller) {}

  void begin(HttpServletRequest request, WatchedCaller caller) {
    request.setAttribute(CALLER, new Entry(this, caller));
  }

  void end(WatchedCaller caller) {
    caller.end();
    callers.remove(caller);
  }

  private void add(WatchedCaller caller) {
    if (callers.size() < MOST && caller.watch()) {
      callers.add(caller);
    }
  }

  private void look() {
    callers.removeIf(this::isDone);
  }

  private boolean isDone(WatchedCaller caller) {
    try {
      if (caller.hasLeft()) {
        left.increment();
        Thread.ofVirtual().name("caller-left").start(caller.cancellation()::cancel);
      }
      return caller.isOver();
    } catch (RuntimeException e) {
      log.warn("a connection cannot be looked at", e);
      return true;
    }
  }

  /** Shows how many are watched and how many left. */
  @Override
  public void bindTo(MeterRegistry meters) {
    FunctionCounter.builder("membrane.http.cancelled", left, LongAdder::sum)
        .description("requests whose caller closed its connection before the answer")
        .register(meters);
    Gauge.builder("membrane.http.watched", callers, Set::size)
        .description("requests whose caller's connection is looked at")
        .register(meters);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
