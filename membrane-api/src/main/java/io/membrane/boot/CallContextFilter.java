package io.membrane.boot;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;

/** Binds tenant and deadline of a request to the thread that serves it, and bounds its body. */
final class CallContextFilter extends OncePerRequestFilter {

  private final CallContexts contexts;
  private final HttpProperties properties;
  private final ProblemWriter problems;
  private final RequestCodings codings;

  CallContextFilter(
      CallContexts contexts,
      HttpProperties properties,
      ProblemWriter problems,
      RequestCodings codings) {
    this.contexts = contexts;
    this.properties = properties;
    this.problems = problems;
    this.codings = codings;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    try {
      if (!isCodingKnown(request, response)) {
        return;
      }
      CallContext context = contexts.of(request);
      if (!hasBody(request)) {
        CallerWatch.bodyIsRead(request);
      }
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

  private static boolean hasBody(HttpServletRequest request) {
    return request.getContentLengthLong() > 0
        || request.getHeader(HttpHeaders.TRANSFER_ENCODING) != null;
  }

  /** Tells with a refusal what would be taken, as RFC 9110, section 12.5.3, has it. */
  private boolean isCodingKnown(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    List<String> headers = Collections.list(request.getHeaders(HttpHeaders.CONTENT_ENCODING));
    String asked = String.join(", ", headers).strip().toLowerCase(Locale.ROOT);
    if (asked.isEmpty() || asked.equals("identity")) {
      return true;
    }
    List<String> known = codings.of(request);
    if (known.contains(asked)) {
      return true;
    }
    problems.write(
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        "Content-Encoding " + asked + " is not understood here; send the body as it is",
        Map.of(
            HttpHeaders.ACCEPT_ENCODING,
            known.isEmpty() ? "identity" : String.join(", ", known) + ", identity"),
        response);
    return false;
  }
}
