package io.membrane.reconstruction.execute;

import io.membrane.wire.PrefillResponse.PrefillTimings;
import io.membrane.wire.ReconstructionClient.ContextTimings;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Measures one context. Not thread-safe. */
final class Phases {

  private final long begin = System.nanoTime();
  private double hash;
  private double match;
  private double route;
  private double waited;
  private boolean hasWaited;
  private @Nullable PrefillTimings worker;

  <T> T hash(Supplier<T> work) {
    long from = System.nanoTime();
    T result = work.get();
    hash += millisSince(from);
    return result;
  }

  <T> T match(Supplier<T> work) {
    long from = System.nanoTime();
    T result = work.get();
    match += millisSince(from);
    return result;
  }

  <T> T route(Supplier<T> work) {
    long from = System.nanoTime();
    T result = work.get();
    route += millisSince(from);
    return result;
  }

  /** Waits for another call. */
  <T extends @Nullable Object> T waiting(Supplier<T> work) {
    long from = System.nanoTime();
    hasWaited = true;
    try {
      return work.get();
    } finally {
      waited += millisSince(from);
    }
  }

  /** Whether another call was waited for. */
  boolean hasWaited() {
    return hasWaited;
  }

  /** For how long. */
  double waitedMs() {
    return waited;
  }

  /** What the worker measured itself. */
  void worker(PrefillTimings timings) {
    worker = timings;
  }

  /**
   * Fetch, prefill and store as the worker measured them; total includes the way there and back.
   */
  ContextTimings soFar() {
    PrefillTimings w = worker == null ? new PrefillTimings(0, 0, 0, 0) : worker;
    return new ContextTimings(
        hash, match, route, w.fetch(), w.compute(), w.store(), millisSince(begin));
  }

  private static double millisSince(long from) {
    return (System.nanoTime() - from) / 1e6;
  }
}
