package io.membrane.fragment;

import io.membrane.block.FragmentKey;
import io.membrane.boot.CallContexts;
import io.membrane.fragment.hot.KeyPath;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import io.micrometer.core.instrument.Timer;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.springframework.http.HttpMethod;

/**
 * Answers puts of fragments before observation and Spring MVC, which cost as much as a small put
 * itself. What belongs to a sampled trace, or is not plainly a put, goes on to the endpoint; so
 * does every failure, which the endpoint throws again: errors are mapped, logged and traced in one
 * place.
 */
final class DirectPutFilter extends HttpFilter {

  private static final long serialVersionUID = 1L;
  private static final String FAILURE = DirectPutFilter.class.getName();

  private final transient SinglePut put;
  private final transient CallContexts contexts;
  private final transient Timer timer;

  DirectPutFilter(SinglePut put, CallContexts contexts, Timer timer) {
    this.put = put;
    this.contexts = contexts;
    this.timer = timer;
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    FragmentKey key =
        CallContexts.isPlain(request, HttpMethod.PUT)
            ? KeyPath.parse(request.getRequestURI())
            : null;
    if (key == null || !isAnswered(key, request, response)) {
      chain.doFilter(request, response);
    }
  }

  private boolean isAnswered(
      FragmentKey key, HttpServletRequest request, HttpServletResponse response) {
    long start = System.nanoTime();
    try {
      CallContext context = contexts.of(request);
      context.call(() -> {
        put.answer(key, request, response);
        return true;
      });
    } catch (Exception e) { // whatever it is, the endpoint throws it
      request.setAttribute(FAILURE, e);
      return false;
    }
    timer.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
    return true;
  }

  /**
   * Throws what has gone wrong already with a request, if anything has.
   *
   * @throws MembraneException or whatever else it was
   */
  static void rethrow(HttpServletRequest request) throws IOException {
    switch (request.getAttribute(FAILURE)) {
      case null -> {}
      case RuntimeException e -> throw e;
      case IOException e -> throw e;
      case Object e -> throw new IllegalStateException(String.valueOf(e));
    }
  }
}
