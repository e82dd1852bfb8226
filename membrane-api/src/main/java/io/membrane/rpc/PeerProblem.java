package io.membrane.rpc;

import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.client.ClientHttpResponse;
import tools.jackson.core.JacksonException;

/**
 * Marks an error that another service reported, as the cause of ours: the service itself is well
 * enough to say what is wrong.
 */
final class PeerProblem extends Exception {

  private static final long serialVersionUID = 1L;
  private static final int MAX_PROBLEM_BYTES = 64 * 1024;

  private PeerProblem(String peer) {
    super("reported by " + peer, null, false, false);
  }

  /** Whether {@code e} is another service's own problem. */
  static boolean isReported(MembraneException e) {
    return e.getCause() instanceof PeerProblem;
  }

  /** Reads an error answer. */
  static MembraneException read(String peer, ClientHttpResponse response) throws IOException {
    int status = response.getStatusCode().value();
    byte[] body = response.getBody().readNBytes(MAX_PROBLEM_BYTES);
    try {
      Problem problem = WireJson.mapper().readValue(body, Problem.class);
      if (problem != null && problem.code() != null && problem.detail() != null) {
        return new MembraneException(
            ErrorCode.of(problem.code(), problem.status()),
            problem.detail(),
            new PeerProblem(peer),
            RetryAfter.parse(
                response.getHeaders().getFirst(HttpHeaders.RETRY_AFTER), Instant.now()));
      }
    } catch (JacksonException e) {
      return bare(peer, status, e);
    }
    return bare(peer, status, null);
  }

  private static MembraneException bare(String peer, int status, @Nullable Throwable cause) {
    return new MembraneException(
        ErrorCode.ofStatus(status),
        peer + " answered " + status + " without a problem document",
        cause);
  }
}
