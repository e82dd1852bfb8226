package io.membrane.worker.provider;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.Cancellation;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.SharedWork;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
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

  /** A call under way, and how many wait for it beside the one that does it. */
  private record Flight<V>(CompletableFuture<V> result, AtomicInteger waiting) {

    Flight() {
      this(new CompletableFuture<>(), new AtomicInteger());
    }
  }

  private final Map<K, Flight<V>> underWay = new ConcurrentHashMap<>();
  private final Duration patience;

  /**
   * @param patience time for callers without a deadline
   */
  SharedCalls(Duration patience) {
    this.patience = patience;
  }

  /**
   * Does {@code work}, or waits for whoever does it already. Only if that one's own time ran out,
   * or its caller left before anybody else waited, is it done again.
   *
   * @throws MembraneException as the work does, or when the caller's deadline passes
   */
  Outcome<V> run(K key, Supplier<V> work) {
    CallContext caller = CallContext.currentOr(patience);
    while (true) {
      Flight<V> mine = new Flight<>();
      Flight<V> first = underWay.putIfAbsent(key, mine);
      if (first == null) {
        return new Outcome<>(lead(key, mine, caller, work), false);
      }
      try {
        return new Outcome<>(await(first, caller), true);
      } catch (MembraneException e) {
        if (!isItsCallersOwn(e.code()) || caller.remaining().isZero()) {
          throw e;
        }
      }
    }
  }

  /** How many wait for a call that another one does. */
  int waiting(K key) {
    Flight<V> flight = underWay.get(key);
    return flight == null ? 0 : flight.waiting().get();
  }

  private static boolean isItsCallersOwn(ErrorCode code) {
    return code == ErrorCode.DEADLINE_EXCEEDED || code == ErrorCode.CANCELLED;
  }

  private V lead(K key, Flight<V> mine, CallContext caller, Supplier<V> work) {
    try {
      V value = SharedWork.call(caller, () -> mine.waiting().get() > 0, work::get);
      mine.result().complete(value);
      return value;
    } catch (RuntimeException | Error e) {
      mine.result().completeExceptionally(e);
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    } finally {
      underWay.remove(key, mine);
    }
  }

  private static <V> V await(Flight<V> first, CallContext caller) {
    CompletableFuture<V> result = first.result().copy();
    first.waiting().incrementAndGet();
    try (Cancellation.Listener _ = caller.cancellation().onCancel(() -> result.cancel(false))) {
      return result.get(caller.remaining().toNanos(), TimeUnit.NANOSECONDS);
    } catch (CancellationException e) {
      throw CallContext.cancelled("the wait for the same prompt", e);
    } catch (TimeoutException e) {
      throw new MembraneException(
          ErrorCode.DEADLINE_EXCEEDED,
          "the same prompt is on its way to the provider, which did not answer in time",
          e);
    } catch (InterruptedException e) {
      throw ProviderCall.interrupted(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof MembraneException ours) {
        throw new MembraneException(ours.code(), ours.detail(), ours, ours.retryAfter());
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      first.waiting().decrementAndGet();
    }
  }
}
