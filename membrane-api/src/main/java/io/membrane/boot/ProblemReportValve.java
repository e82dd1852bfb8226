package io.membrane.boot;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Problem;
import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What Tomcat itself refuses (a bad request line, an oversized header) as a problem document. */
public final class ProblemReportValve extends ErrorReportValve {

  private static final Logger log = LoggerFactory.getLogger(ProblemReportValve.class);

  @Override
  protected void report(Request request, Response response, @Nullable Throwable failure) {
    int status = response.getStatus();
    if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    ErrorCode code = ErrorCode.ofStatus(status);
    Problem problem =
        Problem.of(
            code, "the HTTP request itself is not acceptable; check its line and headers", null);
    try {
      response.setContentType(Problem.MEDIA_TYPE);
      response.setCharacterEncoding(StandardCharsets.UTF_8);
      response.getReporter().write(WireJson.mapper().writeValueAsString(problem));
      response.finishResponse();
    } catch (IOException e) {
      log.debug("the caller has left", e);
    }
  }
}
