package io.membrane.rpc;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.client.ClientHttpResponse;
import tools.jackson.core.JacksonException;

/** Turns another service's error answer into an exception. */
final class PeerProblem {

  private static final int MAX_PROBLEM_BYTES = 64 * 1024;

  private PeerProblem() {}

  static MembraneException read(String peer, ClientHttpResponse response) throws IOException {
    int status = response.getStatusCode().value();
    byte[] body = response.getBody().readNBytes(MAX_PROBLEM_BYTES);
    try {
      Problem problem = WireJson.mapper().readValue(body, Problem.class);
      if (problem != null && problem.code() != null && problem.detail() != null) {
        return problem.toException();
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
