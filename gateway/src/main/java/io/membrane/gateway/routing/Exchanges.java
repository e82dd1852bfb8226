package io.membrane.gateway.routing;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.PeerTls;
import io.membrane.rpc.ServiceClients;
import io.membrane.rpc.TlsRefusal;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import javax.net.ssl.SSLHandshakeException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpStatus;
import org.jspecify.annotations.Nullable;

/**
 * One request to one instance: through the instance's breaker and bulkhead, with an end when the
 * caller's time is up or, once the answer is a stream of events, when that falls silent.
 * Thread-safe.
 */
final class Exchanges {

  private final ServiceClients resilience;
  private final PeerTls tls;
  private final CloseableHttpClient http;
  private final ObservationRegistry observations;
  private final ScheduledThreadPoolExecutor watchdog;
  private final Duration defaultDeadline;
  private final Duration maxSilence;

  Exchanges(
      ServiceClients resilience,
      PeerTls tls,
      CloseableHttpClient http,
      ObservationRegistry observations,
      ScheduledThreadPoolExecutor watchdog,
      Duration defaultDeadline,
      Duration maxSilence) {
    this.resilience = resilience;
    this.tls = tls;
    this.http = http;
    this.observations = observations;
    this.watchdog = watchdog;
    this.defaultDeadline = defaultDeadline;
    this.maxSilence = maxSilence;
  }

  /**
   * The answer, its body still to be read.
   *
   * @throws MembraneException if there is none; {@link #wasNotSent} tells more
   */
  Answer send(Instance instance, HttpUriRequestBase request) {
    Bulkhead bulkhead = resilience.bulkheads().bulkhead(instance.name());
    CircuitBreaker breaker = resilience.circuitBreakers().circuitBreaker(instance.name());
    String service = instance.service().serviceName();
    if (!bulkhead.tryAcquirePermission()) {
      throw new MembraneException(
          ErrorCode.OVERLOADED,
          "too many calls of " + service + " are under way; try again",
          BulkheadFullException.createBulkheadFullException(bulkhead));
    }
    try {
      return breaker.executeSupplier(() -> exchange(instance, request, bulkhead));
    } catch (CallNotPermittedException e) {
      bulkhead.onComplete();
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          service + " has kept failing and is left alone for a moment; try again",
          e);
    } catch (RuntimeException e) {
      bulkhead.onComplete();
      throw e;
    }
  }

  /** Whether an instance surely did not begin with a request that failed so. */
  static boolean wasNotSent(MembraneException e) {
    return switch (e.getCause()) {
      case ConnectException _ -> true;
      case ConnectTimeoutException _ -> true;
      case UnknownHostException _ -> true;
      case NoRouteToHostException _ -> true;
      case SSLHandshakeException _ -> true;
      case NotTakenException _ -> true;
      case CallNotPermittedException _ -> true;
      case BulkheadFullException _ -> true;
      case null, default -> false;
    };
  }

  private Answer exchange(Instance instance, HttpUriRequestBase request, Bulkhead bulkhead) {
    Duration left = CallContext.currentOr(defaultDeadline).remaining();
    PatienceLimit limit = new PatienceLimit(watchdog, request::abort, left);
    boolean answered = false;
    try {
      ClassicHttpResponse response = observed(instance, request);
      if (isTurnedAway(response)) {
        response.close();
        throw new NotTakenException(instance.name() + " is about to end");
      }
      answered = true;
      if (isEventStream(response)) {
        limit.onlySilence(maxSilence);
      }
      return new Answer(instance.service(), request, response, limit, bulkhead::onComplete);
    } catch (IOException e) {
      throw translate(instance, request, e);
    } finally {
      if (!answered) {
        limit.lift();
      }
    }
  }

  /**
   * What a server says that has closed its port, on a connection that is open from before: no
   * service answers 503 without a problem document.
   */
  private static boolean isTurnedAway(ClassicHttpResponse response) {
    Header connection = response.getFirstHeader("Connection");
    return response.getCode() == HttpStatus.SC_SERVICE_UNAVAILABLE
        && response.getFirstHeader("Content-Type") == null
        && connection != null
        && connection.getValue().equalsIgnoreCase("close");
  }

  /** Server-sent events: an answer that is meant to have no end for as long as it takes. */
  private static boolean isEventStream(ClassicHttpResponse response) {
    Header type = response.getFirstHeader("Content-Type");
    return response.getCode() == HttpStatus.SC_OK
        && type != null
        && type.getValue().toLowerCase(Locale.ROOT).startsWith("text/event-stream");
  }

  /** A client span and a timer up to the answer's headers; the trace goes on in the request. */
  private ClassicHttpResponse observed(Instance instance, HttpUriRequestBase request)
      throws IOException {
    String service = instance.service().serviceName();
    SenderContext<HttpUriRequestBase> context =
        new SenderContext<>(
            (carrier, name, value) -> Objects.requireNonNull(carrier).setHeader(name, value),
            Kind.CLIENT);
    context.setCarrier(request);
    context.setRemoteServiceName(service);
    return Observation.createNotStarted(GatewayMetric.EXCHANGE.id(), () -> context, observations)
        .lowCardinalityKeyValue(GatewayMetric.SERVICE_TAG, service)
        .observeChecked(() -> http.executeOpen(null, request, null));
  }

  private MembraneException translate(
      Instance instance, HttpUriRequestBase request, IOException e) {
    String service = instance.service().serviceName();
    if (CallContext.isCancelled()) {
      return CallContext.cancelled("the call of " + service, e);
    }
    if (request.getEntity() instanceof IncomingBody incoming && incoming.failure() != null) {
      return new MembraneException(
          ErrorCode.MALFORMED_REQUEST, "the request's body broke off; send it again whole", e);
    }
    if (request.isAborted()) {
      return new MembraneException(
          ErrorCode.DEADLINE_EXCEEDED,
          service + " did not answer in time; allow more (" + CallContext.DEADLINE_HEADER + ")",
          e);
    }
    TlsRefusal refusal = TlsRefusal.in(e);
    return refusal == null
        ? unavailable(service, e)
        : tls.refused(service, instance.url(), refusal, e);
  }

  private static MembraneException unavailable(String service, @Nullable IOException e) {
    return new MembraneException(
        ErrorCode.DEPENDENCY_UNAVAILABLE,
        e instanceof NotTakenException
            ? service + " is being restarted; send the request again"
            : service + " cannot be reached; try again",
        e);
  }
}
