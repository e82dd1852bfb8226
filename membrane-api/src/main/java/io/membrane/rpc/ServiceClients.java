package io.membrane.rpc;

import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.core.IntervalFunction;
import io.github.resilience4j.retry.RetryConfig;
import io.github.resilience4j.retry.RetryRegistry;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.http.converter.json.JacksonJsonHttpMessageConverter;
import org.springframework.web.client.RestClient;
import org.springframework.web.service.invoker.HttpServiceProxyFactory;

/**
 * Makes declarative clients of other services: pooled connections, virtual threads, the tenant and
 * what is left of the deadline passed along, a circuit breaker and a bulkhead per peer, bounded
 * retries of {@link Idempotent} methods.
 *
 * <p>Every failure of a call is a {@link MembraneException}: the peer's own problem, or {@link
 * ErrorCode#DEPENDENCY_UNAVAILABLE}, {@link ErrorCode#DEADLINE_EXCEEDED} or {@link
 * ErrorCode#OVERLOADED} where it gave none.
 */
public final class ServiceClients {

  private static final Duration RETRY_FIRST = Duration.ofMillis(50);
  private static final int BREAKER_WINDOW = 20;
  private static final int BREAKER_MINIMUM = 5;

  private final RestClient.Builder template;
  private final ClientProperties properties;
  private final CircuitBreakerRegistry breakers;
  private final BulkheadRegistry bulkheads;
  private final RetryRegistry retries;
  private final PeerTls tls;
  private final Supplier<HttpClient> http;
  private final ServiceInstances instances;
  private final AtomicInteger turns = new AtomicInteger();

  /** Clients that call {@code https://} URLs by what the JDK trusts. */
  public ServiceClients(RestClient.Builder template, ClientProperties properties) {
    this(template, properties, PeerTls.ofJdk());
  }

  /**
   * @param template carries observation (tracing, metrics); it is cloned, not changed
   */
  public ServiceClients(RestClient.Builder template, ClientProperties properties, PeerTls tls) {
    this(template, properties, tls, ServiceInstances.NONE);
  }

  /**
   * @param template carries observation (tracing, metrics); it is cloned, not changed
   * @param instances called in turns in place of the URL that is configured for their service
   */
  public ServiceClients(
      RestClient.Builder template,
      ClientProperties properties,
      PeerTls tls,
      ServiceInstances instances) {
    this.instances = instances;
    this.template = template;
    this.properties = properties;
    this.tls = tls;
    Executor threads = Executors.newVirtualThreadPerTaskExecutor();
    this.http =
        tls.http(() ->
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(properties.connectTimeout())
                .executor(threads));
    this.breakers =
        CircuitBreakerRegistry.of(
            CircuitBreakerConfig.custom()
                .slidingWindowSize(BREAKER_WINDOW)
                .minimumNumberOfCalls(BREAKER_MINIMUM)
                .waitDurationInOpenState(properties.openFor())
                .automaticTransitionFromOpenToHalfOpenEnabled(true)
                .permittedNumberOfCallsInHalfOpenState(2)
                .recordException(ServiceClients::isPeersFault)
                .build());
    this.bulkheads =
        BulkheadRegistry.of(
            BulkheadConfig.custom()
                .maxConcurrentCalls(properties.maxConcurrent())
                .maxWaitDuration(Duration.ZERO)
                .build());
    this.retries =
        RetryRegistry.of(
            RetryConfig.custom()
                .maxAttempts(properties.attempts())
                .intervalFunction(IntervalFunction.ofExponentialRandomBackoff(RETRY_FIRST))
                .retryOnException(e -> isPeersFault(e) && TlsRefusal.in(e) == null && timeIsLeft())
                .build());
  }

  /**
   * A client of the peer that {@code membrane.client.peers.<service>} names.
   *
   * @throws IllegalStateException if no URL is configured
   */
  public <T> T of(Class<T> contract, String service) {
    URI url = properties.url(service);
    if (url == null) {
      throw new IllegalStateException(
          "no URL for " + service + ": set membrane.client.peers." + service);
    }
    return of(contract, service, url, uri -> instance(service, uri));
  }

  /**
   * A client of the peer at {@code url}; {@code name} is what metrics and errors call it.
   *
   * @throws IllegalStateException if peers are called over TLS alone and this is another URL
   */
  public <T> T of(Class<T> contract, String name, URI url) {
    return of(contract, name, url, UnaryOperator.identity());
  }

  /** The same request to the instance whose turn it is, if any is known. */
  private URI instance(String service, URI uri) {
    List<URI> known = instances.of(service);
    if (known.isEmpty()) {
      return uri;
    }
    URI chosen = known.get(Math.floorMod(turns.getAndIncrement(), known.size()));
    String query = uri.getRawQuery();
    return URI.create(
        chosen.getScheme()
            + "://"
            + chosen.getRawAuthority()
            + uri.getRawPath()
            + (query == null ? "" : "?" + query));
  }

  private <T> T of(Class<T> contract, String name, URI url, UnaryOperator<URI> located) {
    if (!tls.permits(url)) {
      throw new IllegalStateException(PeerTls.forbidden(url));
    }
    RestClient rest =
        template
            .clone()
            .baseUrl(url)
            .requestFactory((uri, method) -> {
              JdkClientHttpRequestFactory factory = new JdkClientHttpRequestFactory(http.get());
              factory.setReadTimeout(
                  CallContext.currentOr(properties.defaultDeadline()).remaining());
              return factory.createRequest(located.apply(uri), method);
            })
            .requestInitializer(request -> {
              CallContext context = CallContext.currentOr(properties.defaultDeadline());
              request.getHeaders().set(CallContext.TENANT_HEADER, context.tenant());
              request
                  .getHeaders()
                  .set(
                      CallContext.DEADLINE_HEADER,
                      Long.toString(Math.max(1, context.remaining().toMillis())));
            })
            .configureMessageConverters(converters ->
                converters
                    .registerDefaults()
                    .withJsonConverter(new JacksonJsonHttpMessageConverter(WireJson.mapper())))
            .defaultStatusHandler(
                HttpStatusCode::isError,
                (request, response) -> {
                  throw PeerProblem.read(name, response);
                })
            .build();
    T remote =
        HttpServiceProxyFactory.builderFor(new StreamingAdapter(rest, name))
            .build()
            .createClient(contract);
    return contract.cast(
        Proxy.newProxyInstance(
            contract.getClassLoader(),
            new Class<?>[] {contract},
            new ResilientCall(
                remote,
                name,
                url,
                tls,
                breakers.circuitBreaker(name),
                bulkheads.bulkhead(name),
                retries.retry(name))));
  }

  /** How all of them are called. */
  public PeerTls tls() {
    return tls;
  }

  /** For binding metrics. */
  public CircuitBreakerRegistry circuitBreakers() {
    return breakers;
  }

  /** For binding metrics. */
  public BulkheadRegistry bulkheads() {
    return bulkheads;
  }

  /** For binding metrics. */
  public RetryRegistry retries() {
    return retries;
  }

  /** A peer that reports what is wrong is well; asking it again at once would change nothing. */
  private static boolean isPeersFault(Throwable e) {
    return e instanceof MembraneException m
        && !(m.getCause() instanceof CallNotPermittedException)
        && !PeerProblem.isReported(m)
        && (m.code() == ErrorCode.DEPENDENCY_UNAVAILABLE || m.code() == ErrorCode.INTERNAL);
  }

  private boolean timeIsLeft() {
    return CallContext.currentOr(properties.defaultDeadline()).remaining().toMillis()
        > RETRY_FIRST.toMillis();
  }
}
