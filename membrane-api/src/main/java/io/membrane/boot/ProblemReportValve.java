package io.membrane.boot;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Problem;
import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What Tomcat itself refuses (a bad request line, an oversized header) as a problem document. */
public final class ProblemReportValve extends ErrorReportValve {

  /** Methods and codings of bodies (501), and versions (505), that nobody here speaks. */
  private static final Set<Integer> UNKNOWN_HTTP = Set.of(501, 505);

  private static final Logger log = LoggerFactory.getLogger(ProblemReportValve.class);

  @Override
  protected void report(Request request, Response response, @Nullable Throwable failure) {
    int status = response.getStatus();
    if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    Problem problem = problem(status);
    try {
      response.setContentType(Problem.MEDIA_TYPE);
      response.setCharacterEncoding(StandardCharsets.UTF_8);
      response.getReporter().write(WireJson.mapper().writeValueAsString(problem));
      response.finishResponse();
    } catch (IOException e) {
      log.debug("the caller has left", e);
    }
  }

  /**
   * With the answer's own status, which Tomcat chose; what HTTP it does not know is the caller's.
   */
  private static Problem problem(int status) {
    ErrorCode code =
        UNKNOWN_HTTP.contains(status) ? ErrorCode.MALFORMED_REQUEST : ErrorCode.ofStatus(status);
    Problem own =
        Problem.of(
            code, "the HTTP request itself is not acceptable; check its line and headers", null);
    return new Problem(
        own.type(), own.title(), status, own.detail(), own.code(), own.retriable(), null);
  }
}
