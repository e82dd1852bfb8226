package io.membrane.worker.provider;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Lets calls that want the same thing at the same time do it once: a provider has nothing cached
 * before the first of them is answered, and would take the full price of each. Thread-safe.
 */
final class SharedCalls<K, V> {

  /**
   * What came of a call.
   *
   * @param shared whether another call did it
   */
  record Outcome<V>(V value, boolean shared) {}

  private final Map<K, CompletableFuture<V>> underWay = new ConcurrentHashMap<>();
  private final Duration patience;

  /**
   * @param patience time for callers without a deadline
   */
  SharedCalls(Duration patience) {
    this.patience = patience;
  }

  /**
   * Does {@code work}, or waits for whoever does it already. Only if that one's own time ran out is
   * it done again.
   *
   * @throws MembraneException as the work does, or when the caller's deadline passes
   */
  Outcome<V> run(K key, Supplier<V> work) {
    CallContext caller = CallContext.currentOr(patience);
    while (true) {
      CompletableFuture<V> mine = new CompletableFuture<>();
      CompletableFuture<V> first = underWay.putIfAbsent(key, mine);
      if (first == null) {
        return new Outcome<>(lead(key, mine, work), false);
      }
      try {
        return new Outcome<>(await(first, caller), true);
      } catch (MembraneException e) {
        if (e.code() != ErrorCode.DEADLINE_EXCEEDED || caller.remaining().isZero()) {
          throw e;
        }
      }
    }
  }

  private V lead(K key, CompletableFuture<V> mine, Supplier<V> work) {
    try {
      V value = work.get();
      mine.complete(value);
      return value;
    } catch (RuntimeException | Error e) {
      mine.completeExceptionally(e);
      throw e;
    } finally {
      underWay.remove(key, mine);
    }
  }

  private static <V> V await(CompletableFuture<V> first, CallContext caller) {
    try {
      return first.get(caller.remaining().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new MembraneException(
          ErrorCode.DEADLINE_EXCEEDED,
          "the same prompt is on its way to the provider, which did not answer in time",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE, "the worker is shutting down; ask another", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof MembraneException ours) {
        throw new MembraneException(ours.code(), ours.detail(), ours, ours.retryAfter());
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
