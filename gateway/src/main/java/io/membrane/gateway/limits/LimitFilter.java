package io.membrane.gateway.limits;

import io.membrane.boot.ProblemWriter;
import io.membrane.gateway.identity.Refusal;
import io.membrane.gateway.limits.SharedLimits.Obstacle;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.RetryAfter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Keeps tenants within their limits: before a request is passed on, and its bytes as they go. While
 * Redis is away whoever has a limit there is told so: a limit that cannot be looked up is no pass.
 */
public final class LimitFilter extends OncePerRequestFilter {

  private volatile LimitProperties properties;
  private final @Nullable SharedLimits shared;
  private final ProblemWriter problems;

  /**
   * @param shared null where no limit needs Redis
   */
  public LimitFilter(
      LimitProperties properties, @Nullable SharedLimits shared, ProblemWriter problems) {
    this.properties = properties;
    this.shared = shared;
    this.problems = problems;
  }

  /** Those that the next request is held against. */
  LimitProperties properties() {
    return properties;
  }

  /** From the next request on. */
  void replace(LimitProperties next) {
    properties = next;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String tenant = CallContext.tenantOfCall();
    TenantLimits limits = properties.of(tenant);
    long maxBody = limits.maxBody().toBytes();
    if (maxBody > 0 && request.getContentLengthLong() > maxBody) {
      Refusal.BODY_TOO_LARGE.mark(request);
      MembraneException e = MeteredRequest.tooLarge(maxBody);
      problems.write(e.code(), e.detail(), response);
      return;
    }
    if (shared == null || !limits.isShared()) {
      metered(request, response, chain, limits, null, null);
      return;
    }
    within(shared, tenant, limits, request, response, chain);
  }

  private void within(
      SharedLimits counts,
      String tenant,
      TenantLimits limits,
      HttpServletRequest request,
      HttpServletResponse response,
      FilterChain chain)
      throws ServletException, IOException {
    String lease = null;
    try {
      Obstacle obstacle = counts.enter(tenant, limits);
      if (obstacle == null && limits.concurrency() > 0) {
        lease = counts.lease(tenant, limits.concurrency());
        obstacle = lease == null ? SharedLimits.enough(limits.concurrency()) : null;
      }
      if (obstacle != null) {
        refuse(obstacle, request, response);
        return;
      }
    } catch (MembraneException e) {
      Refusal.LIMITS_UNAVAILABLE.mark(request);
      problems.write(ErrorCode.DEPENDENCY_UNAVAILABLE, e.detail(), response);
      return;
    }
    try {
      metered(
          request,
          response,
          chain,
          limits,
          limits.bytesInPerSecond().toBytes() > 0 ? counts.bytesIn(tenant, limits) : null,
          limits.bytesOutPerSecond().toBytes() > 0 ? counts.bytesOut(tenant, limits) : null);
    } finally {
      if (lease != null) {
        counts.giveBack(lease);
      }
    }
  }

  private void metered(
      HttpServletRequest request,
      HttpServletResponse response,
      FilterChain chain,
      TenantLimits limits,
      @Nullable LongConsumer in,
      @Nullable LongConsumer out)
      throws ServletException, IOException {
    MeteredRequest metered =
        new MeteredRequest(
            request,
            limits.maxBody().toBytes(),
            properties.minBodyRate().toBytes(),
            properties.slowBodyAfter(),
            in == null ? LimitFilter::uncharged : in);
    if (out == null) {
      try {
        chain.doFilter(metered, response);
      } finally {
        metered.settle();
      }
      return;
    }
    MeteredResponse answer = new MeteredResponse(response, out);
    try {
      chain.doFilter(metered, answer);
    } finally {
      metered.settle();
      answer.settle();
    }
  }

  private static void uncharged(long bytes) {}

  private void refuse(Obstacle obstacle, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    obstacle.refusal().mark(request);
    problems.write(
        obstacle.problem().code(),
        obstacle.problem().detail(),
        Map.of(HttpHeaders.RETRY_AFTER, RetryAfter.write(obstacle.atLeast())),
        response);
  }
}
