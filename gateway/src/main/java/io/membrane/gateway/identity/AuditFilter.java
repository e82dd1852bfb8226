package io.membrane.gateway.identity;

import io.membrane.gateway.routing.GatewayMetric;
import io.membrane.rpc.WireJson;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.ObjectWriter;

/**
 * One line of JSON to the logger {@value #LOGGER} for every administrative act, done or not, and
 * for every credential that was refused or did not suffice; every refusal is counted. No line holds
 * a secret, a query or a line break.
 */
public final class AuditFilter extends OncePerRequestFilter {

  /** Where the lines go. */
  public static final String LOGGER = "membrane.audit";

  private static final Logger log = LoggerFactory.getLogger(LOGGER);
  private static final int MOST_TARGET = 512;
  private static final int FAILED = 500;

  private final ObjectWriter json =
      WireJson.mapper().writer().with(JsonWriteFeature.ESCAPE_NON_ASCII);
  private final @Nullable Tracer tracer;
  private final Clock clock;
  private final TenantTags tenants;
  private final MeterRegistry meters;

  public AuditFilter(@Nullable Tracer tracer, MeterRegistry meters, Clock clock) {
    this.tracer = tracer;
    this.meters = meters;
    this.clock = clock;
    this.tenants = new TenantTags();
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    boolean whole = false;
    try {
      chain.doFilter(request, response);
      whole = true;
    } finally {
      tell(request, response, whole ? response.getStatus() : FAILED);
    }
  }

  private void tell(HttpServletRequest request, HttpServletResponse response, int status) {
    Optional<Refusal> refusal = Refusal.of(request);
    Optional<Caller> caller = Callers.of(request);
    refusal.ifPresent(why ->
        GatewayMetric.REFUSED
            .counter(
                meters,
                "reason",
                why.word(),
                "tenant",
                caller.map(known -> tenants.tag(known.tenant())).orElse(TenantTags.NOBODY))
            .increment());
    Access.Need need = Access.of(request);
    boolean isAct = caller.isPresent() && need.isAdministrative(status);
    if (isAct || refusal.filter(Refusal::isAudited).isPresent()) {
      Map<String, Object> line = line(request, status, need, caller, refusal);
      String made = response.getHeader(HttpHeaders.LOCATION);
      if (made != null) {
        line.put("made", made);
      }
      log.info("{}", json.writeValueAsString(line));
    }
  }

  private Map<String, Object> line(
      HttpServletRequest request,
      int status,
      Access.Need need,
      Optional<Caller> caller,
      Optional<Refusal> refusal) {
    String target = request.getRequestURI();
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("time", clock.instant().toString());
    line.put("principal", caller.map(Caller::principal).orElseGet(() -> claimed(request)));
    line.put("tenant", caller.map(Caller::tenant).orElse(""));
    line.put("method", request.getMethod());
    line.put("route", need.route());
    line.put("target", target.substring(0, Math.min(MOST_TARGET, target.length())));
    line.put("status", status);
    line.put("reason", refusal.map(Refusal::word).orElse(""));
    line.put("trace_id", traceId());
    line.put("remote", request.getRemoteAddr());
    return line;
  }

  /** The id of the key that was shown, which says nothing of who showed it. */
  private static String claimed(HttpServletRequest request) {
    String header = request.getHeader("Authorization");
    String[] words = header == null ? new String[0] : header.strip().split(" ", -1);
    return ApiKey.parse(words.length == 0 ? "" : words[words.length - 1])
        .map(key -> "claimed:" + key)
        .orElse("");
  }

  private String traceId() {
    Span span = tracer == null ? null : tracer.currentSpan();
    return span == null ? "" : span.context().traceId();
  }
}
