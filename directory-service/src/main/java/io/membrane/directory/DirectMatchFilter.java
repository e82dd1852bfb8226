package io.membrane.directory;

import io.membrane.boot.CallContexts;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.MatchResponse;
import io.micrometer.core.instrument.Timer;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpMethod;
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
    if (!isPlain(request)) {
      chain.doFilter(request, response);
      return;
    }
    long start = System.nanoTime();
    byte[] body = request.getInputStream().readNBytes((int) request.getContentLengthLong());
    byte[] answer = answer(body, request);
    if (answer == null) {
      chain.doFilter(new Read(request, body), response);
      return;
    }
    response.setContentType(MediaType.APPLICATION_JSON_VALUE);
    response.setContentLength(answer.length);
    response.getOutputStream().write(answer);
    timer.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
  }

  private static boolean isPlain(HttpServletRequest request) {
    long length = request.getContentLengthLong();
    return CallContexts.isPlain(request, HttpMethod.POST)
        && MediaType.APPLICATION_JSON_VALUE.equals(request.getContentType())
        && length > 0
        && length <= MAX_BODY;
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

  /** A request whose body was read already. */
  private static final class Read extends HttpServletRequestWrapper {

    private final ServletInputStream body;

    Read(HttpServletRequest request, byte[] body) {
      super(request);
      this.body = new ReadBody(body);
    }

    @Override
    public ServletInputStream getInputStream() {
      return body;
    }
  }

  private static final class ReadBody extends ServletInputStream {

    private final ByteArrayInputStream body;

    ReadBody(byte[] body) {
      this.body = new ByteArrayInputStream(body);
    }

    @Override
    public int read() {
      return body.read();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
      return body.read(buffer, offset, length);
    }

    @Override
    public boolean isFinished() {
      return body.available() == 0;
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setReadListener(ReadListener listener) {
      throw new IllegalStateException("the body was read already");
    }
  }
}
