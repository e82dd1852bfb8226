package io.membrane.directory;

import io.membrane.boot.CallContexts;
import io.membrane.rpc.MembraneException;
import io.micrometer.core.instrument.Timer;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;

/**
 * Answers calls of one route before observation and Spring MVC, which cost several times what such
 * a call itself does. What belongs to a sampled trace, or is not plainly one that can be answered
 * here, goes on to the endpoint with the body that was read; so does every failure, which the
 * endpoint meets or {@linkplain #rethrow throws} again: errors are mapped, logged and traced in one
 * place.
 */
abstract class DirectFilter extends HttpFilter {

  private static final long serialVersionUID = 1L;
  private static final String FAILURE = DirectFilter.class.getName();

  private final transient CallContexts contexts;
  private final transient Timer timer;
  private final int maxBody;

  /**
   * A filter for JSON bodies of some length.
   *
   * @param timer of the calls that are answered here
   * @param maxBody bytes; a longer body is the endpoint's to read
   */
  DirectFilter(CallContexts contexts, Timer timer, int maxBody) {
    this.contexts = contexts;
    this.timer = timer;
    this.maxBody = maxBody;
  }

  /** The answer to a body, in the call's context; null if the endpoint is to answer. */
  abstract byte @Nullable [] answer(byte[] body);

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (!contexts.isPlainJson(request, maxBody)) {
      chain.doFilter(request, response);
      return;
    }
    long start = System.nanoTime();
    byte[] body = ReadRequest.body(request);
    byte[] answer = answer(body, request);
    if (answer == null) {
      chain.doFilter(new ReadRequest(request, body), response);
      return;
    }
    response.setContentType(MediaType.APPLICATION_JSON_VALUE);
    response.setContentLength(answer.length);
    response.getOutputStream().write(answer);
    timer.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
  }

  private byte @Nullable [] answer(byte[] body, HttpServletRequest request) {
    try {
      return contexts.of(request).call(() -> answer(body));
    } catch (MembraneException e) {
      request.setAttribute(FAILURE, e);
      return null;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Throws what has gone wrong already with a request, if anything has.
   *
   * @throws MembraneException what {@link #answer} threw
   */
  static void rethrow(HttpServletRequest request) {
    if (request.getAttribute(FAILURE) instanceof MembraneException e) {
      throw e;
    }
  }
}
