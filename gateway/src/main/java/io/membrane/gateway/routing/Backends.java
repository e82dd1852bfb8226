package io.membrane.gateway.routing;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.retry.Retry;
import io.membrane.boot.StartupProblem;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ClientProperties;
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
import java.net.URI;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.Supplier;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpStatus;

/**
 * The services as the gateway reaches them: a breaker and a bulkhead each, retries of what may be
 * repeated, and an end to every exchange when its caller's time is up or, once it is a stream of
 * events, when that falls silent. Thread-safe.
 */
public final class Backends implements AutoCloseable {

  /** Piece in which bodies go through. */
  static final int BUFFER_BYTES = 64 * 1024;

  private final Map<Service, URI> urls = new EnumMap<>(Service.class);
  private final ServiceClients resilience;
  private final PeerTls tls;
  private final CloseableHttpClient http;
  private final ObservationRegistry observations;
  private final Duration defaultDeadline;
  private final Duration maxSilence;
  private final ScheduledThreadPoolExecutor watchdog;

  /**
   * @param resilience whose breakers, bulkheads and retries are used
   * @param maxSilence for how long a stream of events may say nothing
   * @throws StartupProblem if a service has no usable URL
   */
  public Backends(
      ClientProperties properties,
      ServiceClients resilience,
      PeerTls tls,
      CloseableHttpClient http,
      ObservationRegistry observations,
      Duration maxSilence) {
    for (Service service : Service.values()) {
      urls.put(service, url(service, properties));
    }
    this.resilience = resilience;
    this.tls = tls;
    this.http = http;
    this.observations = observations;
    this.defaultDeadline = properties.defaultDeadline();
    this.maxSilence = maxSilence;
    this.watchdog =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("gateway-deadlines").factory());
    watchdog.setRemoveOnCancelPolicy(true);
  }

  /** Base URL of a service. */
  public URI url(Service service) {
    return Objects.requireNonNull(urls.get(service));
  }

  @Override
  public void close() {
    watchdog.shutdownNow();
  }

  /**
   * Sends a request; the answer's body is still to be read.
   *
   * @param attempt makes the request anew for every try
   * @param repeatable whether a failed try may be followed by another
   * @throws MembraneException if there is no answer
   */
  Answer send(Service service, Supplier<HttpUriRequestBase> attempt, boolean repeatable) {
    String name = service.serviceName();
    Bulkhead bulkhead = resilience.bulkheads().bulkhead(name);
    CircuitBreaker breaker = resilience.circuitBreakers().circuitBreaker(name);
    Retry retry = resilience.retries().retry(name);
    if (!bulkhead.tryAcquirePermission()) {
      throw new MembraneException(
          ErrorCode.OVERLOADED, "too many calls of " + name + " are under way; try again");
    }
    Supplier<Answer> once =
        () -> breaker.executeSupplier(() -> exchange(service, attempt.get(), bulkhead));
    try {
      return repeatable ? retry.executeSupplier(once) : once.get();
    } catch (CallNotPermittedException e) {
      bulkhead.onComplete();
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          name + " has kept failing and is left alone for a moment; try again",
          e);
    } catch (RuntimeException e) {
      bulkhead.onComplete();
      throw e;
    }
  }

  private Answer exchange(Service service, HttpUriRequestBase request, Bulkhead bulkhead) {
    Duration left = CallContext.currentOr(defaultDeadline).remaining();
    PatienceLimit limit = new PatienceLimit(watchdog, request::abort, left);
    boolean answered = false;
    try {
      ClassicHttpResponse response = observed(service, request);
      answered = true;
      if (isEventStream(response)) {
        limit.onlySilence(maxSilence);
      }
      return new Answer(service, request, response, limit, bulkhead::onComplete);
    } catch (IOException e) {
      throw translate(service, request, e);
    } finally {
      if (!answered) {
        limit.lift();
      }
    }
  }

  /** Server-sent events: an answer that is meant to have no end for as long as it takes. */
  private static boolean isEventStream(ClassicHttpResponse response) {
    Header type = response.getFirstHeader("Content-Type");
    return response.getCode() == HttpStatus.SC_OK
        && type != null
        && type.getValue().toLowerCase(Locale.ROOT).startsWith("text/event-stream");
  }

  /** A client span and a timer up to the answer's headers; the trace goes on in the request. */
  private ClassicHttpResponse observed(Service service, HttpUriRequestBase request)
      throws IOException {
    SenderContext<HttpUriRequestBase> context =
        new SenderContext<>(
            (carrier, name, value) -> Objects.requireNonNull(carrier).setHeader(name, value),
            Kind.CLIENT);
    context.setCarrier(request);
    context.setRemoteServiceName(service.serviceName());
    return Observation.createNotStarted(GatewayMetric.EXCHANGE.id(), () -> context, observations)
        .lowCardinalityKeyValue(GatewayMetric.SERVICE_TAG, service.serviceName())
        .observeChecked(() -> http.executeOpen(null, request, null));
  }

  private MembraneException translate(Service service, HttpUriRequestBase request, IOException e) {
    if (CallContext.isCancelled()) {
      return CallContext.cancelled("the call of " + service.serviceName(), e);
    }
    HttpEntity body = request.getEntity();
    if (body instanceof IncomingBody incoming && incoming.failure() != null) {
      return new MembraneException(
          ErrorCode.MALFORMED_REQUEST, "the request's body broke off; send it again whole", e);
    }
    if (request.isAborted()) {
      return new MembraneException(
          ErrorCode.DEADLINE_EXCEEDED,
          service.serviceName()
              + " did not answer in time; allow more ("
              + CallContext.DEADLINE_HEADER
              + ")",
          e);
    }
    TlsRefusal refusal = TlsRefusal.in(e);
    if (refusal != null) {
      return tls.refused(service.serviceName(), url(service), refusal, e);
    }
    return new MembraneException(
        ErrorCode.DEPENDENCY_UNAVAILABLE,
        service.serviceName() + " cannot be reached; try again",
        e);
  }

  private static URI url(Service service, ClientProperties properties) {
    String property = "membrane.client.peers." + service.serviceName();
    URI url = properties.peers().get(service.serviceName());
    if (url == null
        || url.getHost() == null
        || !List.of("http", "https").contains(String.valueOf(url.getScheme()))) {
      throw new StartupProblem(
          url == null
              ? "the gateway does not know where " + service.serviceName() + " is"
              : property
                  + "="
                  + url
                  + " is not a URL of the form http://host:port or https://host:port",
          "set " + property + "=http://<host>:<port>");
    }
    return url;
  }
}
