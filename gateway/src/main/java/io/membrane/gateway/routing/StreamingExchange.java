package io.membrane.gateway.routing;

import io.membrane.block.BlockHash;
import io.membrane.boot.ProblemWriter;
import io.membrane.rpc.CallContext;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.springframework.cloud.gateway.server.mvc.common.MvcUtils;
import org.springframework.cloud.gateway.server.mvc.handler.ProxyExchange;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatusCode;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * One request to the service of its route and the answer back, both as streams.
 *
 * <p>The gateway's own way instead of Spring Cloud Gateway's {@code RestClientProxyExchange}: that
 * one ends an answer that broke off as if it were whole, judges conditional requests a second time,
 * and knows no deadline.
 */
public final class StreamingExchange implements ProxyExchange {

  /** Made anew by the client for its own hop; the trace context continues the caller's. */
  private static final Set<String> PER_HOP =
      Set.of(
          "host",
          "content-length",
          "transfer-encoding",
          "connection",
          "expect",
          "traceparent",
          "tracestate");

  private static final Set<HttpMethod> IDEMPOTENT =
      Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.DELETE, HttpMethod.OPTIONS);

  private static final Set<HttpMethod> READS = Set.of(HttpMethod.GET, HttpMethod.HEAD);

  /** What an instance keeps to itself: the others answer 404. */
  private static final List<String> KEPT_BY_ONE = List.of("/v1/transfers/", "/v1/sessions/");

  private static final Duration UNLIMITED = Duration.ofDays(1);

  private final Backends backends;
  private final ProblemWriter problems;
  private final Traffic traffic;

  public StreamingExchange(Backends backends, ProblemWriter problems) {
    this.backends = backends;
    this.problems = problems;
    this.traffic = backends.traffic();
  }

  @Override
  public ServerResponse exchange(Request request) {
    HttpServletRequest incoming = request.getServerRequest().servletRequest();
    Object route = request.getServerRequest().attributes().get(MvcUtils.GATEWAY_ROUTE_ID_ATTR);
    Service service = Service.named(String.valueOf(route));
    Answer answer = backends.send(call(service, request, incoming));
    StreamedAnswer streamed = new StreamedAnswer(answer, problems, traffic);
    try {
      Response seen = new SeenResponse(streamed.statusCode(), headersOf(answer));
      request.getResponseConsumers().forEach(consumer -> consumer.accept(seen, streamed));
      return streamed;
    } catch (RuntimeException e) {
      answer.close();
      throw e;
    }
  }

  private Call call(Service service, Request request, HttpServletRequest incoming) {
    String path = Objects.requireNonNull(request.getUri(), "uri").getRawPath();
    boolean hasBody = IncomingBody.in(incoming);
    BlockHash block = service == Service.FRAGMENT ? FragmentPath.block(path) : null;
    return new Call(
        service,
        block,
        instance ->
            outgoing(service, request, incoming, target(instance.url(), path, incoming), hasBody),
        !hasBody && IDEMPOTENT.contains(request.getMethod()),
        block != null && !hasBody && READS.contains(request.getMethod()),
        !hasBody && KEPT_BY_ONE.stream().anyMatch(path::startsWith));
  }

  private HttpUriRequestBase outgoing(
      Service service, Request request, HttpServletRequest incoming, URI target, boolean hasBody) {
    CallContext context = CallContext.currentOr(UNLIMITED);
    HttpUriRequestBase outgoing = new HttpUriRequestBase(request.getMethod().name(), target);
    request
        .getHeaders()
        .forEach((name, values) -> {
          if (!PER_HOP.contains(name.toLowerCase(Locale.ROOT))) {
            values.forEach(value -> outgoing.addHeader(name, value));
          }
        });
    String type = incoming.getHeader(HttpHeaders.CONTENT_TYPE);
    if (type != null) {
      outgoing.setHeader(HttpHeaders.CONTENT_TYPE, type); // to which Spring adds a charset
    }
    outgoing.setHeader(CallContext.TENANT_HEADER, context.tenant());
    outgoing.setHeader(
        CallContext.DEADLINE_HEADER, Long.toString(Math.max(1, context.remaining().toMillis())));
    if (hasBody) {
      outgoing.setEntity(
          new IncomingBody(incoming, traffic.requestBytes(service), outgoing::abort));
    }
    return outgoing;
  }

  /** Path as the route left it and the query exactly as it came. */
  private static URI target(URI base, String path, HttpServletRequest incoming) {
    String query = incoming.getQueryString();
    return URI.create(
        base.getScheme()
            + "://"
            + base.getRawAuthority()
            + path
            + (query == null ? "" : "?" + query));
  }

  private static HttpHeaders headersOf(Answer answer) {
    HttpHeaders headers = new HttpHeaders();
    answer
        .response()
        .headerIterator()
        .forEachRemaining(header -> headers.add(header.getName(), header.getValue()));
    return headers;
  }

  private record SeenResponse(HttpStatusCode status, HttpHeaders headers) implements Response {

    @Override
    public HttpStatusCode getStatusCode() {
      return status;
    }

    @Override
    public HttpHeaders getHeaders() {
      return headers;
    }
  }
}
