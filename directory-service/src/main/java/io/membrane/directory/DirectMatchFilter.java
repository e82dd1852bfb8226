package io.membrane.directory;

import io.membrane.boot.CallContexts;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.MatchResponse;
import io.micrometer.core.instrument.Timer;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;

/**
 * Answers matches of block hashes before observation and Spring MVC, which cost several times what
 * the match itself does. What belongs to a sampled trace, or is not {@link PlainMatch plainly} such
 * a match, goes on to the endpoint with the body that was read; so does every failure, which the
 * endpoint meets again: errors are mapped, logged and traced in one place.
 */
final class DirectMatchFilter extends HttpFilter {

  private static final long serialVersionUID = 1L;

  /** Enough for 15,000 hashes; a longer body is the endpoint's to read. */
  private static final int MAX_BODY = 1 << 20;

  private static final byte[] NO_HASHES = "\"block_hashes\":[]".getBytes(StandardCharsets.US_ASCII);
  private static final int ARRAY_AT = NO_HASHES.length - 2;

  private final transient Matches matches;
  private final transient CallContexts contexts;
  private final transient Timer timer;

  DirectMatchFilter(Matches matches, CallContexts contexts, Timer timer) {
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
    PlainMatch match = PlainMatch.parse(body);
    if (match == null) {
      return null;
    }
    try {
      CallContext context = contexts.of(request);
      return context.call(() -> encoded(match, body));
    } catch (MembraneException e) {
      return null;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The hashes of the answer are those of the request, as they stand there. */
  private byte[] encoded(PlainMatch match, byte[] body) {
    MatchResponse found = matches.of(match.chain(), Set.of(), 0, null);
    byte[] rest =
        WireJson.mapper()
            .writeValueAsBytes(
                new MatchResponse(
                    found.blockTokens(),
                    found.totalBlocks(),
                    List.of(),
                    found.matches(),
                    found.best(),
                    found.clusters(),
                    found.nodes(),
                    null));
    int at = indexOf(NO_HASHES, rest) + ARRAY_AT;
    int hashes = match.array().to() - match.array().from();
    byte[] answer = new byte[rest.length - 2 + hashes];
    System.arraycopy(rest, 0, answer, 0, at);
    System.arraycopy(body, match.array().from(), answer, at, hashes);
    System.arraycopy(rest, at + 2, answer, at + hashes, rest.length - at - 2);
    return answer;
  }

  private static int indexOf(byte[] wanted, byte[] in) {
    for (int i = 0; i + wanted.length <= in.length; i++) {
      if (Arrays.equals(wanted, 0, wanted.length, in, i, i + wanted.length)) {
        return i;
      }
    }
    throw new IllegalStateException("an answer without block_hashes");
  }
}
