package io.membrane.directory;

import io.membrane.boot.CallContexts;
import io.membrane.directory.feed.EventIntake;
import io.membrane.directory.location.ChangeBatch;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.EventsAccepted;
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
 * Takes batches of events in before observation and Spring MVC, without an object for each event.
 * What belongs to a sampled trace, or is not {@link PlainEvents plainly} such a batch, goes on to
 * the endpoint with the body that was read; so does every failure, which the endpoint throws again:
 * errors are mapped, logged and traced in one place.
 */
final class DirectEventsFilter extends HttpFilter {

  private static final long serialVersionUID = 1L;
  private static final String FAILURE = DirectEventsFilter.class.getName();

  /** Enough for {@code MAX_EVENTS} that say nothing needless; the endpoint reads a longer body. */
  private static final int MAX_BODY = 6 << 20;

  private final transient EventIntake intake;
  private final transient Matches matches;
  private final transient CallContexts contexts;
  private final transient Timer timer;

  DirectEventsFilter(EventIntake intake, Matches matches, CallContexts contexts, Timer timer) {
    this.intake = intake;
    this.matches = matches;
    this.contexts = contexts;
    this.timer = timer;
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (!contexts.isPlainJson(request, MAX_BODY)) {
      chain.doFilter(request, response);
      return;
    }
    long start = System.nanoTime();
    byte[] body = ReadRequest.body(request);
    EventsAccepted accepted = accepted(body, request);
    if (accepted == null) {
      chain.doFilter(new ReadRequest(request, body), response);
      return;
    }
    byte[] answer = WireJson.mapper().writeValueAsBytes(accepted);
    response.setContentType(MediaType.APPLICATION_JSON_VALUE);
    response.setContentLength(answer.length);
    response.getOutputStream().write(answer);
    timer.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
  }

  private @Nullable EventsAccepted accepted(byte[] body, HttpServletRequest request) {
    try {
      CallContext context = contexts.of(request);
      return context.call(() -> {
        ChangeBatch batch = PlainEvents.parse(body, matches.domain());
        return batch == null ? null : intake.accept(batch);
      });
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
   * @throws MembraneException that of {@link EventIntake#accept(ChangeBatch)}
   */
  static void rethrow(HttpServletRequest request) {
    if (request.getAttribute(FAILURE) instanceof MembraneException e) {
      throw e;
    }
  }
}
