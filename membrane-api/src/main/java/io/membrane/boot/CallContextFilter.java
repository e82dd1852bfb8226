package io.membrane.boot;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;

/** Binds tenant and deadline of a request to the thread that serves it, and bounds its body. */
final class CallContextFilter extends OncePerRequestFilter {

  private final HttpProperties properties;
  private final ProblemWriter problems;

  CallContextFilter(HttpProperties properties, ProblemWriter problems) {
    this.properties = properties;
    this.problems = problems;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    try {
      requireNoCoding(request.getHeader(HttpHeaders.CONTENT_ENCODING));
      CallContext context =
          CallContext.of(
              tenant(request.getHeader(CallContext.TENANT_HEADER)),
              budget(request.getHeader(CallContext.DEADLINE_HEADER)));
      HttpServletRequest bounded =
          BoundedJsonRequest.of(EmptyForm.of(request), properties.maxJson());
      context.call(() -> {
        chain.doFilter(bounded, response);
        return true;
      });
    } catch (MembraneException e) {
      problems.write(e.code(), e.detail(), response);
    } catch (ServletException | IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new ServletException(e);
    }
  }

  private static void requireNoCoding(@Nullable String header) {
    if (header != null && !header.isBlank() && !header.strip().equalsIgnoreCase("identity")) {
      throw new MembraneException(
          ErrorCode.UNSUPPORTED_MEDIA_TYPE,
          "Content-Encoding " + header.strip() + " is not understood; send the body as it is");
    }
  }

  private static String tenant(@Nullable String header) {
    if (header == null) {
      return CallContext.DEFAULT_TENANT;
    }
    if (!CallContext.isTenant(header)) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          CallContext.TENANT_HEADER + " is 1 to 128 letters, digits, '.', '_' and '-'");
    }
    return header;
  }

  private Duration budget(@Nullable String header) {
    if (header == null) {
      return properties.defaultDeadline();
    }
    try {
      Duration asked = Duration.ofMillis(Long.parseLong(header));
      if (asked.isPositive()) {
        return asked.compareTo(properties.maxDeadline()) < 0 ? asked : properties.maxDeadline();
      }
    } catch (NumberFormatException e) {
      logger.debug("unreadable deadline", e);
    }
    throw new MembraneException(
        ErrorCode.MALFORMED_REQUEST,
        CallContext.DEADLINE_HEADER + " is a positive number of milliseconds");
  }
}
