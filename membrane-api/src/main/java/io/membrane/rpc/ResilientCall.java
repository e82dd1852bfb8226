package io.membrane.rpc;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.retry.Retry;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.web.client.ResourceAccessException;
import org.springframework.web.client.RestClientException;

/** Retry around breaker around bulkhead around one call; all failures come out as ours. */
final class ResilientCall implements InvocationHandler {

  private final Object remote;
  private final String peer;
  private final URI url;
  private final PeerTls tls;
  private final CircuitBreaker breaker;
  private final Bulkhead bulkhead;
  private final Retry retry;

  ResilientCall(
      Object remote,
      String peer,
      URI url,
      PeerTls tls,
      CircuitBreaker breaker,
      Bulkhead bulkhead,
      Retry retry) {
    this.remote = remote;
    this.peer = peer;
    this.url = url;
    this.tls = tls;
    this.breaker = breaker;
    this.bulkhead = bulkhead;
    this.retry = retry;
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] args)
      throws Throwable {
    if (method.getDeclaringClass() == Object.class) {
      return method.invoke(remote, args);
    }
    CallContext.checkDeadline("the call of " + peer);
    try (InterruptOnCancel _ = new InterruptOnCancel(CallContext.currentCancellation())) {
      return method.isAnnotationPresent(Idempotent.class)
          ? retry.executeCheckedSupplier(() -> once(method, args))
          : once(method, args);
    }
  }

  private @Nullable Object once(Method method, Object @Nullable [] args) throws Throwable {
    try {
      return breaker.executeCheckedSupplier(
          () -> bulkhead.executeCheckedSupplier(() -> call(method, args)));
    } catch (CallNotPermittedException e) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          peer + " at " + url + " has kept failing and is left alone for a moment",
          e);
    } catch (BulkheadFullException e) {
      throw new MembraneException(
          ErrorCode.OVERLOADED, "too many calls of " + peer + " are under way", e);
    }
  }

  private @Nullable Object call(Method method, Object @Nullable [] args) throws Throwable {
    try {
      return method.invoke(remote, args);
    } catch (InvocationTargetException e) {
      throw translate(e.getCause() == null ? e : e.getCause());
    }
  }

  private Throwable translate(Throwable failure) {
    return switch (failure) {
      case Exception e when CallContext.isCancelled() ->
          CallContext.cancelled("the call of " + peer, e);
      case ResourceAccessException e -> unreachable(e);
      case UncheckedIOException e -> unreachable(e);
      case RestClientException e when e.getCause() instanceof MembraneException ours -> ours;
      case RestClientException e when CallContext.isPastDeadline() -> unreachable(e);
      case RestClientException e ->
          new MembraneException(
              ErrorCode.DEPENDENCY_UNAVAILABLE,
              peer + " at " + url + " gave an answer that cannot be read: " + e.getMessage(),
              e);
      default -> failure;
    };
  }

  private MembraneException unreachable(Exception e) {
    if (Thread.currentThread().isInterrupted()) {
      return new MembraneException(
          ErrorCode.DEADLINE_EXCEEDED, peer + " at " + url + " was not waited for any more", e);
    }
    TlsRefusal refusal = TlsRefusal.in(e);
    if (refusal != null) {
      return tls.refused(peer, url, refusal, e);
    }
    boolean late =
        e.getCause() instanceof HttpTimeoutException timeout
            && !(timeout instanceof HttpConnectTimeoutException);
    return late || CallContext.isPastDeadline()
        ? new MembraneException(
            ErrorCode.DEADLINE_EXCEEDED, peer + " at " + url + " did not answer in time", e)
        : new MembraneException(
            ErrorCode.DEPENDENCY_UNAVAILABLE, peer + " at " + url + " cannot be reached", e);
  }
}
